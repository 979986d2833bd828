# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Unitree A1's datagrams of the low-level mode: layouts, scales and checksum.

Measured against the vendor's library, SDK v3.3.1, whose output is the golden vectors of the tests. All is little
endian, without padding. A Go1 (SDK from v3.8 on) has other lengths and encrypts its checksum; it is refused.
"""

from __future__ import annotations

import numpy as np

from ros_rl.backends.unitree import unitree_crc
from ros_rl.types import Array

RECORDS = 20
"""Motor records in a datagram; those behind the joints are not used."""

LOW_LEVEL = 0xFF
SERVO, OFF = 0x0A, 0x00
"""Modes of a motor."""
EFFORT_STEP, STIFFNESS_STEP, DAMPING_STEP = 1.0 / 256, 1.0 / 32, 1.0 / 16
"""Resolution of what is sent as 16 bits [N m, N m/rad, N m s/rad]."""
MOST_EFFORT, MOST_STIFFNESS, MOST_DAMPING = 128.0, 1024.0, 2048.0
"""What 16 bits cannot say any more."""

_HEADER = [("level", "u1"), ("version", "<u2"), ("robot", "<u2"), ("serial", "<u4"), ("bandwidth", "u1")]
MOTOR_COMMAND = np.dtype(
    [
        ("mode", "u1"),
        ("position", "<f4"),
        ("velocity", "<f4"),
        ("effort", "<i2"),
        ("stiffness", "<i2"),
        ("damping", "<i2"),
        ("reserve", "<u4", (3,)),
    ]
)
COMMAND = np.dtype(
    [
        *_HEADER,
        ("motors", MOTOR_COMMAND, (RECORDS,)),
        ("led", "u1", (4, 3)),
        ("remote", "u1", (40,)),
        ("reserve", "<u4"),
        ("checksum", "<u4"),
    ]
)
"""What the robot is sent, 610 bytes."""
MOTOR_STATE = np.dtype(
    [
        ("mode", "u1"),
        ("position", "<f4"),
        ("velocity", "<f4"),
        ("acceleration", "<i2"),
        ("effort", "<i2"),
        ("raw_position", "<f4"),
        ("raw_velocity", "<f4"),
        ("raw_acceleration", "<i2"),
        ("temperature", "i1"),
        ("reserve", "<u4", (2,)),
    ]
)
STATE = np.dtype(
    [
        *_HEADER,
        ("orientation", "<f4", (4,)),  # wxyz
        ("gyroscope", "<f4", (3,)),
        ("accelerometer", "<f4", (3,)),
        ("roll_pitch_yaw", "<f4", (3,)),
        ("temperature", "i1"),
        ("motors", MOTOR_STATE, (RECORDS,)),
        ("foot_force", "<i2", (4,)),
        ("foot_force_estimate", "<i2", (4,)),
        ("tick", "<u4"),
        ("remote", "u1", (40,)),
        ("reserve", "<u4"),
        ("checksum", "<u4"),
    ]
)
"""What the robot answers, 771 bytes."""
_GO1_LENGTHS = (614, 807)


def checksum(datagram: bytes) -> int:
    """Of a datagram, its last four bytes and the two or three before them left out."""
    return unitree_crc(datagram[: 4 * ((len(datagram) >> 2) - 1)])


def encode(record: np.void) -> bytes:
    """A datagram, with its checksum, of a record of `COMMAND` or `STATE`."""
    datagram = record.tobytes()
    return datagram[:-4] + checksum(datagram).to_bytes(4, "little")


def decode(datagram: bytes, kind: np.dtype) -> np.void | str:
    """The record in a datagram; or why there is none, in one line.

    Args:
        datagram: As it came.
        kind: `COMMAND` or `STATE`.
    """
    wrong = problem(datagram, kind)
    if wrong:
        return wrong
    record: np.void = np.frombuffer(datagram, kind, 1)[0]
    return record


def problem(datagram: bytes, kind: np.dtype) -> str:
    """Why there is no record in a datagram, in one line; empty if there is one. See `decode`."""
    if len(datagram) != kind.itemsize:
        go1 = "; a Go1 sends that, which is another robot" if len(datagram) in _GO1_LENGTHS else ""
        return f"a datagram has {len(datagram)} bytes, expected {kind.itemsize}{go1}"
    told, found, level = int.from_bytes(datagram[-4:], "little"), checksum(datagram), datagram[0]
    if told != found:
        return f"a datagram has checksum {told:#010x}, expected {found:#010x}"
    if level != LOW_LEVEL:
        return f"a datagram has level {level:#04x}, expected {LOW_LEVEL:#04x}: low level"
    return ""


def to_fixed(values: Array, step: float) -> np.ndarray:
    """Values as 16 bits, cut towards zero as the vendor's library does."""
    return np.trunc(values / step).astype(np.int16)
