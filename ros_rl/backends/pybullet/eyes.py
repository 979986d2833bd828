# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot's own cameras see in a PyBullet world, drawn by its renderer on the processor, without shadows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ros_rl.backends.pybullet.client import pybullet
from ros_rl.backends.pybullet.lamp import lit_by
from ros_rl.backends.pybullet.model import Body
from ros_rl.cameras.feed import Picture
from ros_rl.cameras.pinhole import TO_OPENGL, optical_axes
from ros_rl.robot import Camera, Robot
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.settings.cameras import LampSettings
from ros_rl.types import Array

_BEHIND_ALL = 1.0  # what the depth buffer says where nothing is


class _Eye(NamedTuple):
    """A camera as it is mounted: OpenGL's axes as columns, and its place [m], in the frame of what carries it."""

    camera: Camera
    axes: Array
    place: Array
    projection: list[float]


class Eyes:
    """A robot's cameras that look.

    Args:
        client: The world.
        robot: The robot in it.
        lamp: In whose light they look.
        samples: What a pixel is the mean of, along each side.
    """

    def __init__(self, client: Any, robot: Robot, lamp: LampSettings, samples: int = 1) -> None:
        self._client, self._moves, self._samples = client, robot.floating_base, samples
        self._light = lit_by(lamp)
        self._eyes = {name: _eye(camera, samples) for name, camera in robot.cameras.items()}

    def look(self, name: str, body: Body) -> Picture:
        """What a camera sees now.

        Args:
            name: Of the camera.
            body: The robot.
        """
        camera, axes, place, projection = self._eyes[name]
        origin, rotation = self._carrier(camera, body)
        view = np.eye(4)
        view[:3, :3] = (rotation @ axes).T
        view[:3, 3] = -view[:3, :3] @ (origin + rotation @ place)
        count, (height, width) = self._samples, camera.size
        _, _, pixels, buffer, _ = self._client.getCameraImage(
            count * width,
            count * height,
            view.T.reshape(-1).tolist(),
            projection,
            shadow=0,
            renderer=pybullet.ER_TINY_RENDERER,
            **self._light,
        )
        drawn = np.reshape(np.asarray(pixels, dtype=np.uint8), (height, count, width, count, 4))[..., :3]
        colour = np.rint(drawn.mean(axis=(1, 3))).astype(np.uint8) if count > 1 else drawn[:, 0, :, 0].copy()
        if not camera.depth:
            return Picture(colour, None)
        middle = count // 2  # a mean of two distances is none of a thing
        buffer = np.reshape(buffer, (height, count, width, count))[:, middle, :, middle]
        return Picture(colour, _depth(buffer, camera))

    def _carrier(self, camera: Camera, body: Body) -> tuple[Array, Array]:
        """Origin [m] and axes of the frame of what carries it, in the world."""
        if camera.link is None:
            return np.zeros(3) if self._moves else np.array(body.spawn), np.eye(3)
        link = body.links[camera.link]
        if link < 0:
            at = self._client.getBasePositionAndOrientation(body.index)
            position, orientation = self._client.multiplyTransforms(*at, *body.frame)
        else:
            position, orientation = self._client.getLinkState(body.index, link, computeForwardKinematics=True)[4:6]
        return np.array(position), quaternion_to_matrix(np.array(orientation))


def _depth(buffer: Array, camera: Camera) -> Array:
    """Distances along the optical axis [m], of OpenGL's depth buffer."""
    near, far = camera.nearest, camera.farthest
    depth = far * near / (far - (far - near) * np.asarray(buffer, dtype=np.float64))
    return np.where(buffer < _BEHIND_ALL, depth, np.inf)


def _eye(camera: Camera, samples: int) -> _Eye:
    near, far, focal = camera.nearest, camera.farthest, 1.0 / np.tan(camera.field_of_view / 2.0)
    projection = np.zeros((4, 4))
    projection[0, 0], projection[1, 1] = focal * camera.height / camera.width, focal
    # its renderer looks through the lower left corners of pixels, not their middles
    projection[0, 2], projection[1, 2] = 1.0 / (samples * camera.width), 1.0 / (samples * camera.height)
    projection[2, 2], projection[2, 3] = (near + far) / (near - far), 2.0 * near * far / (near - far)
    projection[3, 2] = -1.0
    axes = optical_axes(camera) @ TO_OPENGL
    return _Eye(camera, axes, np.array(camera.position), projection.T.reshape(-1).tolist())
