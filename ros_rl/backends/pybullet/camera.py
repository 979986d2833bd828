# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A camera in a PyBullet world."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ros_rl.backends.pybullet.client import pybullet
from ros_rl.backends.pybullet.framing import Box, home_box
from ros_rl.backends.pybullet.lamp import lit_by
from ros_rl.robot import Robot
from ros_rl.settings.cameras import LampSettings
from ros_rl.types import Array

_ASPECT = 4 / 3  # of the window
_FIELD_OF_VIEW = 45.0  # degrees, from top to bottom


class Camera:
    """Looks at a robot from the side, as far from it as its size wants, and follows one that moves through the world.

    Args:
        client: The world.
        robot: The robot in it.
        lamp: In whose light it looks.
    """

    def __init__(self, client: Any, robot: Robot, lamp: LampSettings) -> None:
        self._client, self._robot, self._light = client, robot, lit_by(lamp)
        moves = robot.floating_base
        # PyBullet's renderer casts shadows near the origin only; a robot that moves needs room around it
        self._shadow, self._room = int(not moves), 1.3 if moves else 1.0
        self._yaw, self._pitch = (30.0, -15.0) if moves else (50.0, -18.0)  # degrees

    @cached_property
    def _box(self) -> Box:
        """What is to be seen, with the robot where it is spawned; measured when the first picture is taken."""
        return home_box(self._robot)

    def picture(self, base: Array, width: int, height: int) -> np.ndarray:
        """An RGB picture, uint8 (height, width, 3).

        Args:
            base: Position of the robot's base [m], shape (3,).
            width: Of the picture [px].
            height: Of the picture [px].
        """
        target, distance = self._target(base), self._distance(width / height)
        view = self._client.computeViewMatrixFromYawPitchRoll(target, distance, self._yaw, self._pitch, 0.0, 2)
        projection = self._client.computeProjectionMatrixFOV(
            _FIELD_OF_VIEW, width / height, 0.05 * distance, 12.0 * distance
        )
        pixels = self._client.getCameraImage(
            width,
            height,
            view,
            projection,
            shadow=self._shadow,
            renderer=pybullet.ER_TINY_RENDERER,
            **self._light,
        )[2]
        return np.reshape(np.asarray(pixels, dtype=np.uint8), (height, width, 4))[:, :, :3]

    def follow(self, base: Array) -> None:
        """Move the window's view to where the base is [m], shape (3,)."""
        self._client.resetDebugVisualizerCamera(self._distance(_ASPECT), self._yaw, self._pitch, self._target(base))

    def _target(self, base: Array) -> list[float]:
        """The middle of what is to be seen [m]; a base that bobs moves it only from half the robot's height on."""
        moved = base - [0.0, 0.0, self._robot.simulation.spawn_height if self._robot.simulation else 0.0]
        play = (self._box.high[2] - self._box.low[2]) / 2
        moved[2] -= np.clip(moved[2], -play, play)
        return [float(value) for value in self._box.centre + moved]

    def _distance(self, aspect: float) -> float:
        """From where the whole box is in the picture [m]."""
        view = self._client.computeViewMatrixFromYawPitchRoll([0.0] * 3, 1.0, self._yaw, self._pitch, 0.0, 2)
        rotation = np.reshape(view, (4, 4)).T[:3, :3]
        right, up, nearer = rotation @ (self._box.corners - self._box.centre).T
        slope = np.tan(np.radians(_FIELD_OF_VIEW) / 2)
        return self._room * float(np.max(np.maximum(np.abs(right) / aspect, np.abs(up)) / slope + nearer))
