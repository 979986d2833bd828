# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A camera's geometry: which way its axes point, and what is in which pixel.

Optical frames look along z, with x to the right and y down in the picture (REP 103). The middle of the first pixel, at
the top left, has the coordinates 0, 0, as in OpenCV and image_geometry. OpenGL's frames look along minus z, with y up.
"""

from __future__ import annotations

import numpy as np

from ros_rl.robot import Camera
from ros_rl.rotations import cross
from ros_rl.types import Array

TO_OPENGL = np.diag([1.0, -1.0, -1.0])
"""From the axes of an optical frame to OpenGL's of the same camera, and back, shape (3, 3)."""


def intrinsics(camera: Camera) -> Array:
    """The matrix K, shape (3, 3) [px]: of (x, y, z) in the optical frame it makes (z column, z row, z)."""
    focal = camera.height / 2.0 / np.tan(camera.field_of_view / 2.0)
    middle = (camera.width - 1) / 2.0, (camera.height - 1) / 2.0
    return np.array([[focal, 0.0, middle[0]], [0.0, focal, middle[1]], [0.0, 0.0, 1.0]])


def optical_axes(camera: Camera) -> Array:
    """The axes of its optical frame, as columns, in the frame of what carries it, shape (3, 3)."""
    ahead = _unit(np.subtract(camera.target, camera.position))
    right = _unit(cross(ahead, np.array(camera.up)))
    return np.stack([right, cross(ahead, right), ahead], axis=1)


def millimetres(depth: Array, camera: Camera) -> np.ndarray:
    """Depth as a measurement has it: uint16 [mm], 0 where nothing is between the nearest and the farthest.

    Args:
        depth: Distances along the optical axis [m].
        camera: Who measures.
    """
    seen = (depth > camera.nearest) & (depth < camera.farthest)
    return np.where(seen, np.rint(1000.0 * depth), 0.0).astype(np.uint16)


def _unit(vector: Array) -> Array:
    return vector / np.linalg.norm(vector)
