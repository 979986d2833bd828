# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The vendor's gripper on the tool's RS485 bus, behind function 124: Modbus frames without their checksum."""

from __future__ import annotations

import struct

_ADDRESS = 8
_READ, _WRITE = 0x03, 0x10
_ENABLE, _SPEED, _TARGET, _POSITION, _ERROR = 0x0100, 0x0303, 0x0700, 0x0702, 0x000F
_PULSES_PER_TURN = 1.0  # pulses a second at a speed of 1; 5000 opens the gripper in some 0.2 s


_REACH = 190.0  # pulses that it goes on from where something holds it up; by then it presses with all its force


class Gripper:
    """Opens (850 pulses) and closes (0) at the speed that it is told.

    Args:
        position: Where it is [pulses].
    """

    def __init__(self, position: float = 850.0) -> None:
        self.position, self.target, self.speed, self.enabled = position, round(position), 5000, False
        self.course = position
        """Where its motor is told to be at the moment [pulses]."""

    def step(self, seconds: float, position: float | None = None) -> None:
        """Let time pass.

        Args:
            seconds: How much [s].
            position: Where its fingers are [pulses]; None: wherever they are told to be.
        """
        most = self.speed * _PULSES_PER_TURN * seconds if self.enabled else 0.0
        if position is not None:
            self.course = min(max(self.course, position - _REACH), position + _REACH)
        self.course += min(max(self.target - self.course, -most), most)
        self.position = self.course if position is None else position

    def answer(self, frame: bytes) -> bytes | None:
        """The answer to a Modbus frame, with the bus's id in front as in the request; None to what it does not know."""
        if len(frame) < 7 or frame[1] != _ADDRESS:
            return None
        function, register, count = struct.unpack_from(">BHH", frame, 2)
        if function == _WRITE and len(frame) >= 8 + 2 * count:
            self._write(register, int.from_bytes(frame[8 : 8 + 2 * count], "big", signed=True))
            return frame[:7]
        if function == _READ:
            return frame[:3] + bytes((2 * count,)) + self._read(register).to_bytes(2 * count, "big", signed=True)
        return None

    def _write(self, register: int, value: int) -> None:
        if register == _ENABLE:
            self.enabled = bool(value)
        elif register == _SPEED:
            self.speed = value
        elif register == _TARGET:
            self.target = value

    def _read(self, register: int) -> int:
        return round(self.position) if register == _POSITION else 0
