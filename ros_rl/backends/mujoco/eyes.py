# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot's own cameras see in a MuJoCo world, drawn without shadows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ros_rl.backends.mujoco.client import mujoco, open_renderer
from ros_rl.cameras.feed import Picture
from ros_rl.cameras.pinhole import TO_OPENGL, optical_axes
from ros_rl.robot import Camera, Robot
from ros_rl.types import Array


def add_cameras(spec: Any, robot: Robot) -> None:
    """Put a robot's cameras that look into its world.

    Args:
        spec: The robot's `MjSpec`.
        robot: The robot.
    """
    for name, camera in robot.cameras.items():
        place, turned = np.array(camera.position), np.zeros(4)
        if camera.link is None and not robot.floating_base and robot.simulation is not None:
            place[2] += robot.simulation.spawn_height
        mujoco.mju_mat2Quat(turned, (optical_axes(camera) @ TO_OPENGL).reshape(-1))
        owner = spec.worldbody if camera.link is None else spec.body(camera.link)
        owner.add_camera(name=_name(name), pos=place, quat=turned, fovy=np.degrees(camera.field_of_view))


class Eyes:
    """A robot's cameras that look.

    Args:
        model: The world's.
        robot: The robot in it.

    Raises:
        BackendError: There is nothing to draw with.
    """

    def __init__(self, model: Any, robot: Robot) -> None:
        self._model, self._robot = model, robot
        self._renderers: dict[tuple[int, int], Any] = {}
        if robot.cameras:  # one for all: MuJoCo has no such planes for each
            cameras = robot.cameras.values()
            model.vis.map.znear = min(camera.nearest for camera in cameras) / model.stat.extent
            model.vis.map.zfar = max(camera.farthest for camera in cameras) / model.stat.extent
            for camera in cameras:
                self._renderer(camera)

    def look(self, name: str, data: Any) -> Picture:
        """What a camera sees now.

        Args:
            name: Of the camera.
            data: The world's state.
        """
        camera = self._robot.cameras[name]
        renderer = self._renderer(camera)
        renderer.update_scene(data, _name(name))
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            renderer.scene.flags[flag] = 0
        colour = np.array(renderer.render())
        return Picture(colour, _depth(renderer) if camera.depth else None)

    def _renderer(self, camera: Camera) -> Any:
        """What draws pictures of that size; one for all of them, opened when it is asked for."""
        if camera.size not in self._renderers:
            self._renderers[camera.size] = open_renderer(self._model, camera.width, camera.height)
        return self._renderers[camera.size]

    def close(self) -> None:
        """Release what draws; once is enough, more do no harm."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()


def _depth(renderer: Any) -> Array:
    """Distances along the optical axis [m]."""
    renderer.enable_depth_rendering()
    try:
        return np.array(renderer.render(), dtype=np.float64)
    finally:
        renderer.disable_depth_rendering()


def _name(name: str) -> str:
    """That no camera of a robot's own file has."""
    return f"camera {name}"
