# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""RTDE, protocol version 2, of Universal Robots: frames, and the types of the fields that travel in them.

Source: the vendor's "Real-Time Data Exchange (RTDE) guide". All numbers are big endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum

PORT, DASHBOARD_PORT, SCRIPT_PORT = 30004, 29999, 30003
VERSION = 2
HEADER = struct.Struct(">HB")
"""Size of the frame, header included [bytes], and its type."""
_CODES = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT32": "I",
    "UINT64": "Q",
    "INT32": "i",
    "DOUBLE": "d",
    "VECTOR3D": "3d",
    "VECTOR6D": "6d",
    "VECTOR6INT32": "6i",
    "VECTOR6UINT32": "6I",
}


class Frame(IntEnum):
    """Types of frames."""

    VERSION = 86
    CONTROLLER = 118
    TEXT = 77
    DATA = 85
    OUTPUTS = 79
    INPUTS = 73
    START = 83
    PAUSE = 80


class RobotMode(IntEnum):
    """Field ``robot_mode``."""

    NO_CONTROLLER = -1
    DISCONNECTED = 0
    CONFIRM_SAFETY = 1
    BOOTING = 2
    POWER_OFF = 3
    POWER_ON = 4
    IDLE = 5
    BACKDRIVE = 6
    RUNNING = 7
    UPDATING_FIRMWARE = 8


class Runtime(IntEnum):
    """Field ``runtime_state``: what the robot's program does."""

    STOPPING = 0
    STOPPED = 1
    PLAYING = 2
    PAUSING = 3
    PAUSED = 4
    RESUMING = 5


SAFETY_BITS = {
    2: "protective stop",
    3: "recovery mode",
    4: "safeguard stop",
    5: "emergency stop by the system",
    6: "emergency stop by the robot",
    7: "emergency stop",
    8: "safety violation",
    9: "safety fault",
    10: "stopped by its safety system",
}
"""Bits of ``safety_status_bits`` that keep it from moving."""


def pack(kind: Frame, payload: bytes = b"") -> bytes:
    """A frame."""
    return HEADER.pack(HEADER.size + len(payload), kind) + payload


def unpack(buffer: bytearray) -> list[tuple[int, bytes]]:
    """Take the whole frames, types and payloads, off the front of what has come.

    Raises:
        ValueError: What has come is no frame.
    """
    frames = []
    while len(buffer) >= HEADER.size:
        size, kind = HEADER.unpack_from(buffer)
        if size < HEADER.size:
            raise ValueError(f"a frame of {size} bytes")
        if len(buffer) < size:
            break
        frames.append((kind, bytes(buffer[HEADER.size : size])))
        del buffer[:size]
    return frames


class Recipe:
    """Which fields a data frame holds, in which order.

    Args:
        number: Its id; the first byte of its data.
        names: Of the fields.
        types: Of the fields, as the robot told them.
    """

    def __init__(self, number: int, names: Sequence[str], types: Sequence[str]) -> None:
        self.number, self.names = number, tuple(names)
        codes = [_CODES[kind] for kind in types]
        self._struct = struct.Struct(">B" + "".join(codes))
        self._sizes = [int(code[:-1] or 1) for code in codes]

    @property
    def size(self) -> int:
        """Of its data [bytes]."""
        return self._struct.size

    def pack(self, values: Iterable[Sequence[float]]) -> bytes:
        """Its data, of a sequence of numbers for each field."""
        return self._struct.pack(self.number, *(number for value in values for number in value))

    def unpack(self, data: bytes) -> dict[str, tuple[float, ...]]:
        """The fields of data, each as a tuple.

        Raises:
            ValueError: It has another size, or is another recipe's.
        """
        if len(data) != self.size or data[0] != self.number:
            raise ValueError(f"{len(data)} bytes of recipe {data[:1].hex()}, not {self.size} of {self.number:02x}")
        numbers, found, at = self._struct.unpack(data), {}, 1
        for name, size in zip(self.names, self._sizes, strict=True):
            found[name] = numbers[at : at + size]
            at += size
        return found
