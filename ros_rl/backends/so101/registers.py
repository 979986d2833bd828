# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The registers of a Feetech STS3215 servo, and what their numbers mean.

Addresses and sizes: the vendor's memory table of the STS series, protocol 0, little endian. Signed values are sign and
magnitude.
"""

from __future__ import annotations

import math
from typing import NamedTuple

COUNTS = 4096
"""Of one turn."""
RADIANS = 2.0 * math.pi / COUNTS
"""Of one count."""
MODEL = 777
"""Model number of an STS3215."""
FULL = 1000
"""Torque limit and load of all that a servo has."""


class Register(NamedTuple):
    """A place in a servo's memory."""

    address: int
    size: int
    """Bytes, 1 or 2."""
    sign_bit: int = 0
    """Which bit is the sign; 0 where there is none."""

    def decode(self, data: bytes | bytearray) -> int:
        """The number in `size` bytes."""
        word = int.from_bytes(data, "little")
        if not self.sign_bit:
            return word
        magnitude = word & ((1 << self.sign_bit) - 1)
        return -magnitude if word >> self.sign_bit & 1 else magnitude

    def encode(self, value: int) -> bytes:
        """Inverse of `decode`; too large a magnitude becomes the largest."""
        most = (1 << (self.sign_bit or 8 * self.size)) - 1
        word = min(abs(value), most) | ((1 << self.sign_bit) if self.sign_bit and value < 0 else 0)
        return word.to_bytes(self.size, "little")


FIRMWARE_MAJOR, FIRMWARE_MINOR = Register(0, 1), Register(1, 1)
MODEL_NUMBER, ID = Register(3, 2), Register(5, 1)
LOWEST_POSITION, HIGHEST_POSITION = Register(9, 2, 15), Register(11, 2, 15)
HOMING_OFFSET, OPERATING_MODE = Register(31, 2, 11), Register(33, 1)
TORQUE_ENABLE, ACCELERATION, GOAL_POSITION = Register(40, 1), Register(41, 1), Register(42, 2, 15)
GOAL_TIME, GOAL_VELOCITY, TORQUE_LIMIT, LOCK = Register(44, 2), Register(46, 2, 15), Register(48, 2), Register(55, 1)
PRESENT_POSITION, PRESENT_VELOCITY, PRESENT_LOAD = Register(56, 2, 15), Register(58, 2, 15), Register(60, 2, 10)
PRESENT_VOLTAGE, PRESENT_TEMPERATURE, STATUS = Register(62, 1), Register(63, 1), Register(65, 1)
MOVING, PRESENT_CURRENT = Register(66, 1), Register(69, 2, 15)

ERRORS = {
    1: "voltage",
    2: "angle sensor",
    4: "temperature",
    8: "current",
    32: "overload",
}
"""What the bits of a servo's status, and of the error in each of its replies, say is wrong."""


def errors_of(status: int) -> str:
    """What a status says is wrong, in words; empty if nothing."""
    return ", ".join(text for bit, text in ERRORS.items() if status & bit)
