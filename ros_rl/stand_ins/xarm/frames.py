# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Bytes on the wire of an xArm's control box: control frames and reports.

Control frames are those of the vendor's private protocol over TCP: transaction u16, protocol u16 and length u16, big
endian, then a function u8 and its payload; a reply has flags u8 behind the function. Floats are little endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ros_rl.types import Array

INVALID, NOT_READY, WARNING, ERROR = 0x08, 0x10, 0x20, 0x40
"""Flags of replies."""
HEADER = 6
SLOTS = 7
"""Joints of every frame; of an arm with fewer the last are 0."""


class Request(NamedTuple):
    """A control frame from a client."""

    transaction: int
    protocol: int
    function: int
    payload: bytes


@dataclass(frozen=True)
class Report:
    """What a report says of the arm."""

    state: int
    mode: int
    position: Array
    """Of the joints [rad], shape (joints,)."""
    effort: Array
    """Of the joints [N m], shape (joints,)."""
    tool_position: Array
    """[m], shape (3,)."""
    tool_orientation: Array
    """Quaternion xyzw, shape (4,)."""
    brakes: int = 0
    """A bit for each joint whose brake is released."""
    enabled: int = 0
    """A bit for each joint whose motor is on."""
    error: int = 0
    warning: int = 0


def take_request(buffer: bytearray) -> Request | None:
    """Take the first whole control frame from what has arrived; None until there is one. A heartbeat is passed over."""
    while len(buffer) >= HEADER:
        transaction, protocol, length = struct.unpack_from(">HHH", buffer)
        if len(buffer) < HEADER + length:
            return None
        body = bytes(buffer[HEADER : HEADER + length])
        del buffer[: HEADER + length]
        if transaction and body:
            return Request(transaction, protocol, body[0], body[1:])
    return None


def reply(request: Request, flags: int, payload: bytes = b"") -> bytes:
    """The control frame that answers a request."""
    header = struct.pack(">HHH", request.transaction, request.protocol, 2 + len(payload))
    return header + bytes((request.function, flags)) + payload


def floats(values: Array, size: int) -> bytes:
    """Little endian float32, filled with zeros up to `size` of them."""
    filled = np.zeros(size, "<f4")
    filled[: len(values)] = values
    return filled.tobytes()


def pose(report: Report) -> bytes:
    """Position [mm] and roll, pitch, yaw [rad] of the tool centre point."""
    angles = roll_pitch_yaw(report.tool_orientation)
    return floats(np.concatenate((1000.0 * report.tool_position, angles)), 6)


def real_report(report: Report) -> bytes:
    """Port 30003, 135 bytes: joints, pose, torques, the tool's force (none)."""
    return _sized(_common(report) + bytes(48))


def normal_report(report: Report) -> bytes:
    """Port 30001, 145 bytes: with brakes, motors, error and warning."""
    return _sized(_common(report) + _details(report))


def rich_report(report: Report, version: str, axes: int, velocity: Array) -> bytes:
    """Port 30002, 587 bytes: with the arm's type and version, and joint speeds."""
    frame = bytearray(587 - 4)
    body = _common(report) + _details(report)
    frame[: len(body)] = body
    frame[141:147] = bytes((axes, axes, 1, 1, 1, 1))
    text = version.encode()[:29]
    frame[147 : 147 + len(text)] = text
    frame[177:197] = floats(np.array([1000.0, 1.0, 50000.0, 0.1, 1000.0]), 5)  # of the tool: jerk, acceleration, speed
    frame[197:217] = floats(np.array([20.0, 0.01, 20.0, 0.0001, 4.0]), 5)  # of the joints
    frame[241:248] = bytes([35] * 7)  # degrees Celsius
    frame[252:280] = floats(velocity, SLOTS)
    return _sized(bytes(frame))


def _common(report: Report) -> bytes:
    head = struct.pack(">BH", report.state | report.mode << 4, 0)
    return head + floats(report.position, SLOTS) + pose(report) + floats(report.effort, SLOTS)


def _details(report: Report) -> bytes:
    flags = bytes((report.brakes, report.enabled, report.error, report.warning))
    return flags + bytes(24 + 16) + bytes((3, 3)) + floats(np.array([0.0, 0.0, -1.0]), 3)


def _sized(body: bytes) -> bytes:
    return struct.pack(">I", 4 + len(body)) + body


def roll_pitch_yaw(quaternion: Array) -> Array:
    """Angles [rad] about the fixed x, y and z axes, in this order, of a quaternion xyzw."""
    x, y, z, w = quaternion
    roll = np.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2.0 * (w * y - z * x), -1.0, 1.0))
    yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return np.array([roll, pitch, yaw])
