# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The primary interface, for reading: a robot state of configuration data alone."""

from __future__ import annotations

import struct

import numpy as np

from ros_rl.backends.ur_rtde.primary import CONFIGURATION, HEADER, LIMITS, ROBOT_STATE
from ros_rl.stand_ins.ur.controller import JOINTS

_TURNS, _SPEED, _ACCELERATION = (
    6.3355,
    3.3416,
    40.0,
)  # rad, rad/s, rad/s^2; a UR5e's in a state that the vendor recorded
_ELBOW, _ELBOW_TURNS, _ELBOW_SPEED = 2, 2.5, 2.0  # rad, rad/s; narrower than any file's
_REST = struct.Struct(">29d4i")  # default speeds, kinematics, versions


def robot_state(narrow: bool) -> bytes:
    """The message.

    Args:
        narrow: Whether the elbow's limits are narrower than usual.
    """
    positions = np.tile([-_TURNS, _TURNS], (JOINTS, 1))
    motions = np.tile([_SPEED, _ACCELERATION], (JOINTS, 1))
    if narrow:
        positions[_ELBOW, 1], motions[_ELBOW, 0] = _ELBOW_TURNS, _ELBOW_SPEED
    limits = LIMITS.pack(*positions.flat, *motions.flat)
    return _packed(ROBOT_STATE, _packed(CONFIGURATION, limits + bytes(_REST.size)))


def _packed(kind: int, content: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(content), kind) + content
