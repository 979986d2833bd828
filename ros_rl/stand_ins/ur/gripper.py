# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Robotiq 2F-85 at the server of its URCap: variables in lines of text, and the motor that they move.

Sources: as of the driver's `ros_rl.backends.ur_rtde.urcap`; what the server answers to nonsense is a guess.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum

OPEN, CLOSED = 3.0, 230.0
"""Counts at which its fingers are at their ends; the vendor: about 3 and 230 after an activation."""
_STROKE = 85.0  # mm
_SLOWEST, _FASTEST = 20.0, 150.0  # mm/s, at speeds 0 and 255
_REACH = 60.0  # counts that its motor goes on from where something holds it up; by then it presses with all its force
_THERE = 2.0  # counts; so near it is where it was sent
_MOVES = 3.0  # counts/s; slower than that something holds it
_SETTLES = 0.1  # s over which that is judged
_LARGEST = 255
_WRITTEN = ("ACT", "ATR", "GTO", "POS", "SPE", "FOR")


class Status(IntEnum):
    """Variable ``STA``."""

    RESET = 0
    ACTIVATING = 1
    ACTIVE = 3


class Grasp(IntEnum):
    """Variable ``OBJ``."""

    MOVES = 0
    HELD_OPENING = 1
    HELD_CLOSING = 2
    THERE = 3


class Robotiq:
    """Its variables, and where its motor tells the fingers to be; its time passes in `step`.

    Args:
        count: Where its fingers are [counts].
        latency: From a new position to the moment at which its motor begins to go there [s].
    """

    def __init__(self, count: float, latency: float = 0.0) -> None:
        self._latency, self._time = latency, 0.0
        self._asked = deque([(0.0, count)])
        self.course = self.position = count
        """Where its motor is told to be, and where its fingers are [counts]."""
        self.status = Status.ACTIVE
        self.fault = 0
        self.powered = True
        """Whether it has power; without, its variables are unknown."""
        self._written = {"ACT": 1, "ATR": 0, "GTO": 0, "POS": round(count), "SPE": _LARGEST, "FOR": 0}
        self._way: list[float] = []
        self._seen, self._waited, self._moves = count, 0.0, False

    def answer(self, line: str) -> str:
        """What it answers to a line; a value without an end of line where the server sends none."""
        words = line.split()
        if words[:1] == ["GET"] and len(words) == 2:
            told = self._value(words[1]) if self.powered else None
            return f"{words[1]} {'?' if told is None else told}\n"
        pairs = dict(zip(words[1::2], words[2::2], strict=False))
        if words[:1] != ["SET"] or len(words) % 2 == 0 or not pairs or not all(map(_may_be, pairs.items())):
            return "?\n"
        for variable, value in pairs.items():
            self._write(variable, int(value))
        return "ack"

    def describe(self) -> str:
        """What it does at the moment, in words."""
        return f"{self.status.name} at {self.position:.0f} of 255, OBJ {self._grasp()}"

    def deactivate(self) -> None:
        """As somebody on the pendant does it."""
        self._write("ACT", 0)

    def activated(self) -> None:
        """As somebody on the pendant leaves it."""
        self._written["ACT"], self.status, self._way = 1, Status.ACTIVE, []

    def step(self, seconds: float, position: float) -> None:
        """Let time pass.

        Args:
            seconds: How much [s].
            position: Where its fingers are [counts].
        """
        self.position = position
        self._time += seconds
        while len(self._asked) > 1 and self._asked[1][0] <= self._time:
            self._asked.popleft()
        self._judge(seconds)
        goal = self._goal()
        most = self._speed() * seconds
        course = min(max(self.course, position - _REACH), position + _REACH)
        self.course = course + min(max(goal - course, -most), most)

    def _goal(self) -> float:
        if self._way:  # of an activation
            if abs(self.course - self._way[0]) < 1e-9 or self._held:
                self._way.pop(0)
                self.course = self.position
            if self._way:
                return self._way[0]
            self.status = Status.ACTIVE
        goes = self._written["GTO"] and self.status is Status.ACTIVE and not self.fault
        return self._asked[0][1] if goes else self.course

    def _judge(self, seconds: float) -> None:
        """Whether its fingers move."""
        self._waited += seconds
        if self._waited >= _SETTLES:
            self._moves = abs(self.position - self._seen) > _MOVES * self._waited
            self._seen, self._waited = self.position, 0.0

    @property
    def _held(self) -> bool:
        """Whether something is in its way: its motor is far ahead of fingers that stand still."""
        return not self._moves and abs(self.course - self.position) > _REACH - 1.0

    def _grasp(self) -> Grasp:
        wanted = min(max(float(self._written["POS"]), OPEN), CLOSED)
        if self._moves:
            return Grasp.MOVES
        if abs(wanted - self.position) <= _THERE:
            return Grasp.THERE
        return Grasp.HELD_CLOSING if wanted > self.position else Grasp.HELD_OPENING

    def _speed(self) -> float:
        """[counts/s]."""
        millimetres = _SLOWEST + (_FASTEST - _SLOWEST) * self._written["SPE"] / _LARGEST
        return millimetres / _STROKE * (CLOSED - OPEN)

    def _value(self, variable: str) -> int | None:
        told = {
            "POS": round(min(max(self.position, 0.0), float(_LARGEST))),
            "PRE": self._written["POS"],
            "STA": int(self.status),
            "OBJ": int(self._grasp()),
            "FLT": self.fault or (0 if self.status is Status.ACTIVE else 5 if self._written["ACT"] else 7),
        }
        return told.get(variable, self._written.get(variable))

    def _write(self, variable: str, value: int) -> None:
        if variable == "ACT" and not value:
            self.status, self._way, self.fault = Status.RESET, [], 0
        elif variable == "ACT" and not self._written["ACT"]:
            self.status, self._way = Status.ACTIVATING, [CLOSED, OPEN]
        if variable in ("ACT", "POS", "GTO"):
            self._moves, self._waited = True, 0.0
        if variable == "POS":
            self._asked.append((self._time + self._latency, float(value)))
        self._written[variable] = value


def _may_be(pair: tuple[str, str]) -> bool:
    variable, value = pair
    return variable in _WRITTEN and value.isdecimal() and int(value) <= _LARGEST
