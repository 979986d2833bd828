# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot whose lateness is known, by a clock that a test moves."""

from __future__ import annotations

import math

from measurements import at_rest

from ros_rl.backends.backend import Backend, Reading
from ros_rl.robot import Robot
from ros_rl.types import Array, Measurement


class Late(Backend):
    """Does what it is told `lag` seconds later, by a clock that a test moves; measures every `every` seconds.

    From `spoils_at` on its measurements are `spoilt`, from `stamps_from` on stamped, and gain 1 ms a second.
    """

    def __init__(self, robot: Robot, lag: float = 0.0, every: float = 0.004, stuck: bool = False) -> None:
        self.robot, self.lag, self.every, self.stuck = robot, lag, every, stuck
        self.now = 100.0
        self.told: list[tuple[float, Array]] = []
        self.position = robot.home.copy()
        self.acting = 0
        self.measured, self.measured_at, self.count = robot.home.copy(), self.now, 1
        self.safe_calls, self.arm_calls, self.health = 0, 0, ""
        self.spoilt: dict[str, Array] = {}
        self.spoils_at = self.stamps_from = math.inf
        self.velocity = robot.commanded_by("velocity").all()

    def sleep(self, seconds: float) -> None:
        steps = max(round(seconds / 0.001), 1)
        for _ in range(steps):
            self.now += 0.001
            self._move()

    def _move(self) -> None:
        while self.acting < len(self.told) and self.told[self.acting][0] + self.lag <= self.now:
            self.acting += 1
        if self.acting and not self.stuck:
            value = self.told[self.acting - 1][1]
            self.position = self.position + 0.001 * value if self.velocity else value
        if self.now - self.measured_at >= self.every:
            self.measured, self.measured_at, self.count = self.position.copy(), self.now, self.count + 1

    def clock(self) -> float:
        return self.now

    def connect(self) -> None: ...
    def arm(self) -> None:
        self.arm_calls += 1

    def disarm(self) -> None: ...
    def close(self) -> None: ...

    def write(self, command: Array, until: float) -> None:
        self.told.append((self.now, command.copy()))

    def safe(self) -> None:
        self.safe_calls += 1

    def read(self) -> Reading:
        spoilt = self.spoilt if self.now >= self.spoils_at else {}
        measurement = Measurement(at_rest(self.robot) | {"joint_position": self.measured} | spoilt)
        stamp = 1.001 * self.measured_at if self.now >= self.stamps_from else None
        return Reading(measurement, self.now - self.measured_at, self.count, self.health, stamp)
