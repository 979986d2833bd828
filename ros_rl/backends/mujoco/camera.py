# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A camera in a MuJoCo world."""

from __future__ import annotations

from typing import Any

import numpy as np

from ros_rl.backends.mujoco.client import mujoco, open_renderer
from ros_rl.backends.mujoco.world import World
from ros_rl.robot import Robot

_ROOM = 1.15  # around the robot


class Camera:
    """Looks at a robot from the side, as far from it as its size wants, and follows one that moves through the world.

    Args:
        world: The robot's.
        robot: The robot.
    """

    def __init__(self, world: World, robot: Robot) -> None:
        self._world, self._robot = world, robot
        self._renderer: Any = None
        self._size = (0, 0)
        self._view: Any = None

    def picture(self, width: int, height: int) -> np.ndarray:
        """An RGB picture, uint8 (height, width, 3).

        Raises:
            BackendError: There is nothing to draw with.
        """
        if self._size != (width, height):
            self.close()
            self._open(width, height)
        self._view = self._view or self._look()
        if self._robot.floating_base:
            self._view.lookat[:2] = self._world.data.xpos[self._world.base][:2]
        self._renderer.update_scene(self._world.data, self._view)
        return np.array(self._renderer.render())

    def _open(self, width: int, height: int) -> None:
        self._renderer = open_renderer(self._world.model, width, height)
        self._size = (width, height)

    def _look(self) -> Any:
        """From the side at what the robot takes up, its passive joints and those of arms turned anyhow."""
        low, high = self._world.extent()
        view = mujoco.MjvCamera()
        view.lookat[:] = (low + high) / 2
        slope = np.tan(np.radians(self._world.model.vis.global_.fovy) / 2)
        view.distance = _ROOM * float(np.linalg.norm(high - low)) / 2 / slope
        view.azimuth, view.elevation = (120.0, -15.0) if self._robot.floating_base else (140.0, -18.0)
        return view

    def close(self) -> None:
        """Release what draws; once is enough, more do no harm."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer, self._size = None, (0, 0)
