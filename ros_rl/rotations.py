# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Quaternions (xyzw), rotation matrices and yaw. Numpy only."""

from __future__ import annotations

import numpy as np

from ros_rl.types import Array


def quaternion_to_matrix(quaternion: Array) -> Array:
    """Rotation matrix, shape (3, 3), of a unit quaternion xyzw: columns are the body's axes in the world."""
    x, y, z, w = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def rotation_columns(quaternion: Array) -> Array:
    """The first two columns of the rotation matrix, shape (6,), of a quaternion xyzw: the body's x and y axis.

    Unlike quaternions and angles they change steadily with the rotation, as what is learned and predicted should
    (Zhou et al. 2019, "On the Continuity of Rotation Representations in Neural Networks").
    """
    return quaternion_to_matrix(quaternion)[:, :2].T.reshape(-1)


def yaw_of(quaternion: Array) -> float:
    """Heading [rad]: the angle of the body's x axis in the world's horizontal plane."""
    x, y, z, w = quaternion
    return float(np.arctan2(2 * (x * y + z * w), 1 - 2 * (y * y + z * z)))


def yaw_matrix(yaw: float) -> Array:
    """Rotation matrix, shape (3, 3), about the vertical by `yaw` [rad]."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def multiply(left: Array, right: Array) -> Array:
    """Quaternion product xyzw: the rotation `right` followed by `left`."""
    lx, ly, lz, lw = left
    rx, ry, rz, rw = right
    return np.array(
        [
            lw * rx + lx * rw + ly * rz - lz * ry,
            lw * ry - lx * rz + ly * rw + lz * rx,
            lw * rz + lx * ry - ly * rx + lz * rw,
            lw * rw - lx * rx - ly * ry - lz * rz,
        ]
    )


def conjugate(quaternion: Array) -> Array:
    """The inverse of a unit quaternion xyzw."""
    return quaternion * np.array([-1.0, -1.0, -1.0, 1.0])


def angle_between(left: Array, right: Array) -> float:
    """Angle [rad] of the rotation between two unit quaternions xyzw, from 0 to pi."""
    x, y, z, w = multiply(conjugate(left), right)
    return float(2.0 * np.arctan2(np.sqrt(x * x + y * y + z * z), abs(w)))


def from_rotation_vector(vector: Array) -> Array:
    """Unit quaternion xyzw of a rotation vector [rad]."""
    angle = float(np.linalg.norm(vector))
    half = np.sin(angle / 2) / angle if angle > 1e-9 else 0.5
    return np.append(np.asarray(vector) * half, np.cos(angle / 2))


def cross(left: Array, right: Array) -> Array:
    """Cross product of two vectors, shape (3,); much faster than numpy's for so few numbers."""
    lx, ly, lz = left
    rx, ry, rz = right
    return np.array([ly * rz - lz * ry, lz * rx - lx * rz, lx * ry - ly * rx])
