# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One STS3215 servo: its memory, and what its motor does."""

from __future__ import annotations

import math

import numpy as np

from ros_rl.backends.so101.registers import (
    COUNTS,
    FIRMWARE_MAJOR,
    FIRMWARE_MINOR,
    FULL,
    GOAL_POSITION,
    GOAL_VELOCITY,
    HIGHEST_POSITION,
    HOMING_OFFSET,
    ID,
    LOCK,
    LOWEST_POSITION,
    MODEL,
    MODEL_NUMBER,
    MOVING,
    PRESENT_CURRENT,
    PRESENT_LOAD,
    PRESENT_POSITION,
    PRESENT_TEMPERATURE,
    PRESENT_VELOCITY,
    PRESENT_VOLTAGE,
    RADIANS,
    TORQUE_ENABLE,
    TORQUE_LIMIT,
    Register,
)

_MEMORY = 128
_VOLATILE = TORQUE_ENABLE.address  # what lies before is kept without power, and locked
_READ_ONLY = PRESENT_POSITION.address
_FASTEST = 4.4  # rad/s
_STALL_CURRENT = 2.0 / 6.5e-3  # counts of 6.5 mA
_RESTING = 0.05  # rad/s
_FRICTION = 0.3  # N m s/rad, of a gear without power


class Memory(bytearray):
    """What a servo keeps, register by register."""

    def get(self, register: Register) -> int:
        """The number in a register."""
        return register.decode(self[register.address : register.address + register.size])

    def put(self, register: Register, value: int) -> None:
        """Put a number into a register, whoever may write it."""
        self[register.address : register.address + register.size] = register.encode(value)


class Servo:
    """A servo whose time passes in `step`.

    Args:
        number: Its id.
        span: What it may turn, about the middle of its position limits [rad].
        offset: Its homing offset [counts].
        stiffness: Of its position loop [N m/rad].
        damping: Of its position loop [N m s/rad].
        stall_torque: What it exerts at most [N m].
    """

    def __init__(
        self, number: int, span: float, offset: int, stiffness: float, damping: float, stall_torque: float
    ) -> None:
        self.number = number
        self._stiffness, self._damping, self._stall = stiffness, damping, stall_torque
        self.memory = Memory(_MEMORY)
        """What can be read."""
        half = min(round(0.5 * span / RADIANS), COUNTS // 2)
        for register, value in (
            (FIRMWARE_MAJOR, 3),
            (FIRMWARE_MINOR, 10),
            (MODEL_NUMBER, MODEL),
            (ID, number),
            (LOWEST_POSITION, COUNTS // 2 - half),
            (HIGHEST_POSITION, min(COUNTS // 2 + half, COUNTS - 1)),
            (HOMING_OFFSET, offset),
            (PRESENT_TEMPERATURE, 32),
            (PRESENT_VOLTAGE, 60),
        ):
            self.memory.put(register, value)
        self._offset = offset
        self._middle = 0.5 * (self.memory.get(LOWEST_POSITION) + self.memory.get(HIGHEST_POSITION))
        self._set_point = self._position = 0.0
        self.begin_anew()

    @property
    def goal(self) -> int:
        """Where it was told to go last [counts]."""
        return self.memory.get(GOAL_POSITION)

    @property
    def position(self) -> int:
        """Where it is [counts]."""
        return self.memory.get(PRESENT_POSITION)

    def begin_anew(self) -> None:
        """Power on: what is not kept is as at the factory."""
        self.memory[_VOLATILE:_READ_ONLY] = bytes(_READ_ONLY - _VOLATILE)
        self.memory.put(TORQUE_LIMIT, FULL)
        self.memory.put(LOCK, 1)

    def write(self, address: int, data: bytes) -> None:
        """Obey somebody on the bus: what is measured cannot be written, nor what is kept while it is locked."""
        switched_off = not self.memory.get(TORQUE_ENABLE)
        for place, value in enumerate(data, start=address):
            if place < _READ_ONLY and (place >= _VOLATILE or not self.memory.get(LOCK)):
                self.memory[place] = value
        if switched_off and self.memory.get(TORQUE_ENABLE):
            self._set_point = self._position

    def step(self, seconds: float, position: float, velocity: float) -> float:
        """Let time pass; gives the torque of its motor [N m].

        Args:
            seconds: How long [s].
            position: Where its horn is, from the middle of the position limits [rad].
            velocity: [rad/s]
        """
        self._position = position
        torque = -_FRICTION * velocity
        if self.memory.get(TORQUE_ENABLE):
            most = (self.memory.get(GOAL_VELOCITY) * RADIANS or _FASTEST) * seconds
            self._set_point += min(max(self._goal() - self._set_point, -most), most)
            torque = self._stiffness * (self._set_point - position) - self._damping * velocity
            limit = self._stall * self.memory.get(TORQUE_LIMIT) / FULL
            torque = min(max(torque, -limit), limit)
        self._measure(position, velocity, torque)
        return torque

    def _goal(self) -> float:
        low, high = self.memory.get(LOWEST_POSITION), self.memory.get(HIGHEST_POSITION)
        return (min(max(self.goal, low), high) - self._middle) * RADIANS

    def _measure(self, position: float, velocity: float, torque: float) -> None:
        moved = self._offset - self.memory.get(HOMING_OFFSET)
        counts = math.floor(position / RADIANS + self._middle + moved + 0.5) % COUNTS
        load = torque / self._stall
        for register, value in (
            (PRESENT_POSITION, counts),
            (PRESENT_VELOCITY, velocity / RADIANS),
            (PRESENT_LOAD, FULL * load),
            (PRESENT_CURRENT, _STALL_CURRENT * load),
            (MOVING, float(np.abs(velocity) > _RESTING)),
        ):
            self.memory.put(register, round(value))
