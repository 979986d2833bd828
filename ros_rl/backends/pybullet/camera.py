# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A camera in a PyBullet world."""

from __future__ import annotations

from typing import Any

import numpy as np

from ros_rl.backends.pybullet.scene import pybullet


class Camera:
    """Looks at the robot from the side.

    Args:
        client: The world.
        moving: Whether the robot moves through the world: seen from nearer, and without shadows, which PyBullet's
            renderer casts near the origin only.
    """

    def __init__(self, client: Any, moving: bool) -> None:
        self._client, self._shadow = client, int(not moving)
        self._distance, self._yaw, self._pitch = (1.0, 30.0, -15.0) if moving else (1.2, 50.0, -18.0)

    def picture(self, target: list[float], width: int, height: int) -> np.ndarray:
        """An RGB picture, uint8 (height, width, 3), around a point [m]."""
        view = self._client.computeViewMatrixFromYawPitchRoll(target, self._distance, self._yaw, self._pitch, 0.0, 2)
        projection = self._client.computeProjectionMatrixFOV(45.0, width / height, 0.05, 12.0)
        pixels = self._client.getCameraImage(
            width, height, view, projection, shadow=self._shadow, renderer=pybullet.ER_TINY_RENDERER
        )[2]
        return np.reshape(np.asarray(pixels, dtype=np.uint8), (height, width, 4))[:, :, :3]

    def follow(self, target: list[float]) -> None:
        """Move the window's view."""
        self._client.resetDebugVisualizerCamera(self._distance, self._yaw, self._pitch, target)
