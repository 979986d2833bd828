# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The faults that an SO-101's stand-in plays: in what servos answer, and in what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ros_rl.backends.so101.registers import (
    COUNTS,
    FIRMWARE_MINOR,
    FULL,
    GOAL_POSITION,
    MODEL_NUMBER,
    PRESENT_LOAD,
    PRESENT_POSITION,
    PRESENT_TEMPERATURE,
    PRESENT_VELOCITY,
    PRESENT_VOLTAGE,
    STATUS,
    TORQUE_ENABLE,
)
from ros_rl.stand_ins.so101.servo import Memory, Servo

if TYPE_CHECKING:
    from ros_rl.stand_ins.so101.stand_in import So101StandIn

SICK = 2
"""The servo that most faults are of, unless they name another."""
_ERRORS = {"low_voltage": 1, "broken_encoder": 2, "overheated": 4, "overcurrent": 8, "overload": 32}
_HOT = 75  # degrees Celsius
_LATE, _TORN = 0.06, 0.001  # s

FAULTS = {
    "silent_servo": "servo 3 does not answer, nor obey",
    "silent": "no servo answers; each goes to its last goal and stays there",
    "wrong_checksum": "the checksum of each reply of servo 2 is wrong",
    "noise": "three bytes of noise come before each reply",
    "torn": "each reply comes in three pieces",
    "late": "replies of six servos come 10 to 60 ms late",
    "echo": "the adapter gives back what is sent",
    "unplugged": "the adapter is pulled out, and plugged in again when the fault ends",
    "overload": "servo 2 reports overload, and lets go",
    "overheated": f"servo 2 reports that it is too hot, at {_HOT} degrees Celsius",
    "low_voltage": "servo 2 reports a voltage out of range, 4.2 V",
    "overcurrent": "servo 2 reports overcurrent",
    "broken_encoder": "servo 2 reports that its angle sensor fails",
    "hot_servo": f"servo 2 is at {_HOT} degrees Celsius, and reports no error",
    "load": "servo 2 is under full load all the time",
    "other_firmware": "servo 6 has firmware 3.9, the others 3.10",
    "other_model": "servo 4 says that it is model 1033",
    "wrong_id": "what servo 5 answers comes from id 7",
    "wrap": "the position of servo 5 is told half a turn on, across 4095 to 0",
    "frozen": "positions are told as they were when the fault began, with velocity 0",
    "let_go": "the torque of servo 2 is off, whatever it is told",
    "held": "the torque of all servos is on and holds them where they are, as another program leaves it",
    "reboot": "servo 3 loses its power for an instant: torque off, limits as at the factory",
}
"""What each does, by name."""


class Faults:
    """What the faults that are played change.

    Args:
        stand_in: Plays them.
    """

    def __init__(self, stand_in: So101StandIn) -> None:
        self._plays, self._stand_in = stand_in.plays, stand_in
        self._frozen: dict[int, bytes] = {}
        self._rebooted = False

    def before_step(self) -> None:
        """What happens to the servos' own memory before their motors act."""
        servos = self._stand_in.servos
        if self._plays("let_go") or self._plays("overload"):
            servos[SICK].memory.put(TORQUE_ENABLE, 0)
        if self._plays("held"):
            for servo in servos.values():
                _hold(servo)
        if self._plays("reboot") and not self._rebooted:
            servos[3].begin_anew()
        self._rebooted = self._plays("reboot")

    def after_step(self) -> None:
        """Keep what was told when the positions froze."""
        if not self._plays("frozen"):
            self._frozen.clear()
        elif not self._frozen:
            self._frozen = {number: bytes(servo.memory) for number, servo in self._stand_in.servos.items()}

    def answers(self, number: int) -> bool:
        """Whether a servo is there."""
        return not (self._plays("silent") or (self._plays("silent_servo") and number == 3))

    def called(self, number: int) -> int:
        """The id in a servo's replies."""
        return 7 if self._plays("wrong_id") and number == 5 else number

    def error(self, number: int) -> int:
        """The error in a servo's replies, which its status holds as well."""
        if number != SICK:
            return 0
        return sum(bit for name, bit in _ERRORS.items() if self._plays(name))

    def memory(self, servo: Servo) -> Memory:
        """What a servo tells of its memory."""
        told = Memory(servo.memory)
        told.put(STATUS, self.error(servo.number))
        if servo.number in self._frozen:
            begin, end = PRESENT_POSITION.address, PRESENT_POSITION.address + PRESENT_POSITION.size
            told[begin:end] = self._frozen[servo.number][begin:end]
            told.put(PRESENT_VELOCITY, 0)
        if servo.number == SICK:
            self._sicken(told)
        if self._plays("other_firmware") and servo.number == 6:
            told.put(FIRMWARE_MINOR, 9)
        if self._plays("other_model") and servo.number == 4:
            told.put(MODEL_NUMBER, 1033)
        if self._plays("wrap") and servo.number == 5:
            told.put(PRESENT_POSITION, (servo.memory.get(PRESENT_POSITION) + COUNTS // 2) % COUNTS)
        return told

    def _sicken(self, told: Memory) -> None:
        if self._plays("hot_servo") or self._plays("overheated"):
            told.put(PRESENT_TEMPERATURE, _HOT)
        if self._plays("low_voltage"):
            told.put(PRESENT_VOLTAGE, 42)
        if self._plays("load"):
            told.put(PRESENT_LOAD, FULL)

    def of_replies(self, replies: list[bytes]) -> list[bytes]:
        """The pieces in which replies go out."""
        pieces = []
        for packet in replies:
            if self._plays("wrong_checksum") and packet[2] == SICK:
                packet = packet[:-1] + bytes((packet[-1] ^ 1,))
            if self._plays("noise"):
                packet = b"\x00\xff\x55" + packet
            cut = np.linspace(0, len(packet), 4 if self._plays("torn") else 2).astype(int)
            pieces += [packet[begin:end] for begin, end in zip(cut[:-1], cut[1:], strict=True)]
        return pieces

    def delay(self) -> float:
        """How long a piece waits after the one before it [s]."""
        if self._plays("late"):
            return _LATE / len(self._stand_in.servos)
        return _TORN if self._plays("torn") else 0.0


def _hold(servo: Servo) -> None:
    """Switch its torque on where it is, unless it is on."""
    if not servo.memory.get(TORQUE_ENABLE):
        servo.write(GOAL_POSITION.address, GOAL_POSITION.encode(servo.position))
        servo.write(TORQUE_ENABLE.address, b"\x01")
