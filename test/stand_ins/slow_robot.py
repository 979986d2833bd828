# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot that does what it was last told, in a thread of its own at 500 Hz, and writes down what it did and when.

It is no simulator: it cannot be reset, and its time passes whatever the driver does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ros_rl.backends.backend import Backend, Reading, Scenario
from ros_rl.config import setting
from ros_rl.robot import VELOCITY, Robot
from ros_rl.settings.backends import BackendSettings
from ros_rl.types import Array, Measurement

STEP = 0.002  # s


@dataclass(frozen=True)
class SlowRobotSettings(BackendSettings):
    """A robot that cannot be reset, in this process."""

    simulated: ClassVar[bool] = False
    offset: float = setting(0.5, "distance of every joint from home when it is switched on", unit="rad")


@dataclass(frozen=True)
class Done:
    """What the joints did from a moment on: a target, or the safe action (None)."""

    time: float
    target: Array | None


class SlowRobot(Backend):
    """Velocities are integrated, positions approached at the velocity limit; targets expire."""

    def __init__(
        self,
        robot: Robot,
        settings: SlowRobotSettings | None = None,
        period: float = 0.05,
        scenario: Scenario | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.robot, self._clock = robot, clock
        offset = (settings or SlowRobotSettings()).offset
        self.position = robot.home + offset
        self.velocity = np.zeros(robot.size)
        self.done: list[Done] = []
        """What it did, in the order of time; a line where something else began."""
        self.calls: list[str] = []
        self.frozen = False
        """Whether the measurements stand still while the robot goes on."""
        self.takes = 0.0
        """How long its motors take until they follow, once it is armed [s]."""
        self._follows_at: float | None = None
        self._target: Array | None = None
        self._until = 0.0
        self._sequence, self._measured_at = 0, clock()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def connect(self) -> None:
        self.calls.append("connect")
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def arm(self) -> None:
        self.calls.append("arm")
        self._follows_at = self._clock() + self.takes

    @property
    def pending(self) -> str:
        late = self._follows_at is None or self._clock() < self._follows_at
        return "its brakes to open" if self.takes and late else ""

    def disarm(self) -> None:
        self.calls.append("disarm")
        self.safe()

    def write(self, command: Array, until: float) -> None:
        with self._lock:
            self._target, self._until = command.copy(), until

    def read(self) -> Reading:
        with self._lock:
            measurement = Measurement(
                joint_position=self.position.copy(),
                joint_velocity=self.velocity.copy(),
                joint_effort=np.zeros(self.robot.size),
            )
            return Reading(measurement, self._clock() - self._measured_at, self._sequence)

    def safe(self) -> None:
        with self._lock:
            self._target = None
            self._follows_at = self._follows_at and (None if self.pending else self._follows_at)

    def close(self) -> None:
        self.calls.append("close")
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def doing(self, when: float) -> Array | None:
        """What the joints did at a moment [s, time.monotonic]; None is the safe action."""
        lines = [line for line in self.done if line.time <= when]
        return lines[-1].target if lines else None

    def _live(self) -> None:
        while not self._ended.wait(STEP):
            self.step()

    def step(self) -> None:
        """What happens every 2 ms; a test without the thread calls it as its own clock moves on."""
        with self._lock:
            self._move(self._clock())

    def _move(self, now: float) -> None:
        target = self._target if now <= self._until else None
        last = self.done[-1].target if self.done else None
        if not self.done or (target is None) != (last is None) or not np.array_equal(target, last):  # type: ignore[arg-type]
            self.done.append(Done(now, None if target is None else target.copy()))
        self.velocity = np.zeros(self.robot.size) if target is None else self._speed(target)
        self.position = self.position + STEP * self.velocity
        if not self.frozen:
            self._sequence, self._measured_at = self._sequence + 1, now

    def _speed(self, target: Array) -> Array:
        limit = self.robot.limits.velocity
        approach = np.clip((target - self.position) / STEP, -limit, limit)
        return np.where(self.robot.commanded_by(VELOCITY), target, approach)
