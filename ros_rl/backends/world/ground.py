# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The ground under one robot: the robot begins where it always does, and the terrain is laid under it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ros_rl.backends.starts import Place
from ros_rl.backends.world.terrain import CELL, Terrain
from ros_rl.rotations import from_rotation_vector, multiply, quaternion_to_matrix, yaw_matrix
from ros_rl.settings.terrain import SIDE
from ros_rl.types import Array, Pose

_AROUND = 0.4  # m, in which a robot that begins may touch the ground


class Ground:
    """Where a terrain lies in the world: so that the robot begins at the origin, and on the surface.

    A field of two squares a side is under the robot. Before it comes near the edge, the field moves on by whole
    squares, after which it repeats itself: there is no end.

    Args:
        terrain: Of the episode.
    """

    def __init__(self, terrain: Terrain) -> None:
        self.terrain = terrain
        self._turned = yaw_matrix(terrain.yaw)[:2, :2]
        self._shift = np.zeros(2)
        self._level = float(terrain.height(terrain.position))
        self.follow(np.zeros(2))

    def follow(self, place: Array) -> bool:
        """Move the field on if the robot wants it; gives whether it was moved.

        Args:
            place: Of the robot in the world (x, y) [m], shape (2,).
        """
        shift = SIDE * np.round(self.on_terrain(place) / SIDE)
        moved = not np.array_equal(shift, self._shift)
        self._shift = shift
        return moved

    @property
    def pose(self) -> Pose:
        """Of the field's middle, at height zero, in the world."""
        place = (self._shift - self.terrain.position) @ self._turned
        half = -0.5 * self.terrain.yaw
        return Pose(np.array([*place, -self._level]), np.array([0.0, 0.0, np.sin(half), np.cos(half)]))

    def stand(self, place: Place) -> Place:
        """Where a robot begins here that begins at a place over a level floor.

        It leans as the ground around does on the whole, so that all feet are as near to it as on a floor, and is so
        much higher that none is in it.
        """
        steps = np.arange(-_AROUND, _AROUND + CELL, CELL)
        around = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        heights, columns = self.height(around), np.column_stack([around, np.ones(len(around))])
        plane = np.linalg.lstsq(columns, heights, rcond=None)[0]
        up = np.array([-plane[0], -plane[1], 1.0]) / np.sqrt(plane[0] ** 2 + plane[1] ** 2 + 1.0)
        across = np.array([-up[1], up[0], 0.0])
        sine = float(np.linalg.norm(across))
        lean = from_rotation_vector(across * (np.arctan2(sine, up[2]) / sine if sine > 0.0 else 0.0))
        raised = plane[2] + np.max(heights - columns @ plane)
        position = quaternion_to_matrix(lean) @ place.position + np.array([0.0, 0.0, raised])
        return replace(place, position=position, orientation=multiply(lean, place.orientation))

    def on_terrain(self, points: Array) -> Array:
        """Points of the world (x, y), as the terrain has them [m], shape (..., 2)."""
        return np.asarray(self.terrain.position + points @ self._turned.T)

    def height(self, points: Array) -> Array:
        """Of the surface at points of the world (x, y) [m], shape (...)."""
        return self.terrain.height(self.on_terrain(points)) - self._level

    def friction(self, points: Array, elsewhere: float) -> Array:
        """Of feet at points of the world (x, y), shape (..., 2)."""
        own = self.terrain.friction_at(self.on_terrain(points))
        return np.where(np.isnan(own), elsewhere, own)


def field_of(terrain: Terrain, stride: int = 1) -> Array:
    """Heights of two squares a side, edges included [m], shape (2 COUNT / stride + 1, 2 COUNT / stride + 1).

    Args:
        terrain: Of the episode.
        stride: One of how many heights is taken.
    """
    count = len(terrain.heights)
    # the field's middle is the square's: it begins half a square before the square does
    index = (np.arange(2 * count + 1) + count // 2) % count
    return terrain.heights[np.ix_(index[::stride], index[::stride])]
