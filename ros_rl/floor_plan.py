# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a round robot can be on the floor of a scene, seen from above: its bodies that stand still are walls to it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ros_rl.errors import ConfigError
from ros_rl.scenes import GROUND, SceneBody, read_scene
from ros_rl.types import Array

_CELL = 0.02  # m, of the grid on which ways are looked for
_LARGEST = 5.0  # m, from the origin: how far that grid reaches at most
_TURNS = 4  # bodies that a robot in a corner is pushed out of, one after the other


class FloorPlan:
    """The bodies of a scene as outlines on the floor, rounded rectangles, and a disc that keeps out of them.

    Args:
        scene: See `ros_rl.scenes.read_scene`.
        radius: Of the disc [m].

    Raises:
        UnknownNameError: There is no such scene.
        ConfigError: It has a body that moves, or one without a simple outline.
    """

    def __init__(self, scene: str, radius: float) -> None:
        self.scene, self.radius = scene, radius
        self.bodies = tuple(body for body in read_scene(scene).bodies if body.urdf != GROUND)
        """Those that stand on the floor."""
        for body in self.bodies:
            file = body.mesh or body.urdf
            if body.name is not None or file is not None:
                what = f"'{body.name}', which moves" if file is None else f"'{file}'"
                raise ConfigError(
                    f"scene '{scene}' has {what}; a floor plan knows box, sphere, cylinder and {GROUND}, standing still"
                )
        outlines = [_outline(body) for body in self.bodies]
        self._middle = np.array([body.position[:2] for body in self.bodies]).reshape(-1, 2)
        self._half = np.array([half for half, _ in outlines]).reshape(-1, 2)
        self._round = np.array([rounding for _, rounding in outlines])
        yaw = np.array([body.yaw for body in self.bodies])
        self._axes = np.stack([np.cos(yaw), np.sin(yaw), -np.sin(yaw), np.cos(yaw)], -1).reshape(-1, 2, 2)
        self._reached: NDArray[np.bool_] | None = None

    @property
    def extent(self) -> Array:
        """Largest x and y of what stands there [m], shape (2,)."""
        corners = np.abs(self._axes).swapaxes(1, 2) @ self._half[..., None]
        return (np.abs(self._middle) + corners[..., 0] + self._round[:, None]).max(0, initial=0.0)

    def clearance(self, points: Array) -> Array:
        """How far a disc at points is from each body [m], below zero where it is inside, (..., 2) to (..., bodies)."""
        beyond = np.abs(self._beside(points)) - self._half
        outside = np.linalg.norm(np.maximum(beyond, 0.0), axis=-1)
        return outside + np.minimum(beyond.max(-1), 0.0) - self._round - self.radius

    def is_free(self, points: Array) -> NDArray[np.bool_]:
        """Whether a disc fits there, (..., 2) to (...,)."""
        free: NDArray[np.bool_] = np.all(self.clearance(points) >= 0.0, axis=-1)
        return free

    def kept_out(self, point: Array) -> tuple[Array, bool]:
        """Where a disc comes to be that wants to be at a point, shape (2,), and whether something held it back."""
        touched = False
        for _ in range(_TURNS):
            clear = self.clearance(point)
            if (clear >= 0.0).all():
                break
            nearest = int(np.argmin(clear))
            point, touched = point - clear[nearest] * self._away(point, nearest), True
        return point, touched

    def is_reachable(self, points: Array) -> NDArray[np.bool_]:
        """Whether a disc gets there from the origin, around what stands there, (..., 2) to (...,)."""
        reached = self._cells()
        count = len(reached) // 2
        cells = np.rint(np.asarray(points) / _CELL).astype(int)
        inside = (np.abs(cells) <= count).all(-1)
        x, y = np.moveaxis(np.clip(cells, -count, count) + count, -1, 0)
        return inside & reached[x, y] & self.is_free(points)

    def reachable(self, half: Array) -> Array:
        """Points to which a disc gets from the origin, 2 cm apart.

        Args:
            half: How far from the origin along x and y at most [m], shape (2,).

        Returns:
            Shape (points, 2).
        """
        reached = self._cells()
        points = _CELL * (np.argwhere(reached) - len(reached) // 2)
        return np.asarray(points[(np.abs(points) <= half).all(-1)])

    def _cells(self) -> NDArray[np.bool_]:
        """See `_reach`; looked for once."""
        if self._reached is None:
            self._reached = self._reach()
        return self._reached

    def _reach(self) -> NDArray[np.bool_]:
        """Whether each cell of a grid around the origin can be reached, going through cells that share a side."""
        count = int(np.ceil(min(self.extent.max() or _LARGEST, _LARGEST) / _CELL))
        marks = _CELL * np.arange(-count, count + 1)
        free = self.is_free(np.stack(np.meshgrid(marks, marks, indexing="ij"), -1))
        reached = np.zeros_like(free)
        waiting = [(count, count)]
        while waiting:
            x, y = waiting.pop()
            if 0 <= x < len(marks) and 0 <= y < len(marks) and free[x, y] and not reached[x, y]:
                reached[x, y] = True
                waiting += [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
        return reached

    def _beside(self, points: Array) -> Array:
        """Points as each body sees them, (..., 2) to (..., bodies, 2)."""
        return np.einsum("bij,...bj->...bi", self._axes, points[..., None, :] - self._middle)

    def _away(self, point: Array, index: int) -> Array:
        """The direction that leads out of a body soonest, or straight away from it, shape (2,)."""
        place = self._beside(point)[index]
        beyond = np.abs(place) - self._half[index]
        away = np.maximum(beyond, 0.0) if (beyond > 0.0).any() else (beyond == beyond.max()).astype(float)
        away = np.where(place < 0.0, -away, away)
        return (away / np.linalg.norm(away)) @ self._axes[index]


@lru_cache(maxsize=16)
def floor_plan(scene: str, radius: float) -> FloorPlan:
    """A floor plan that is kept; see `FloorPlan`."""
    return FloorPlan(scene, radius)


def _outline(body: SceneBody) -> tuple[tuple[float, float], float]:
    """Half the sides of a rectangle on the floor [m], and how far it is rounded [m]."""
    if body.box is not None:
        return (body.box[0] / 2.0, body.box[1] / 2.0), 0.0
    return (0.0, 0.0), body.sphere if body.sphere is not None else body.cylinder[0]  # type: ignore[index]
