# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Objects that somebody's camera follows, as part of what a robot measures that cannot see them itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ros_rl.backends.backend import Backend, Reading
from ros_rl.errors import BackendError, CommandError
from ros_rl.types import Array, Measurement, Truth


class _Seen(NamedTuple):
    values: Mapping[str, Array]
    stamp: int
    """[ns]"""
    when: float
    """[s, steady clock]"""


class TrackedObjects:
    """What a tracker said last, and how old that is. All from one thread.

    Args:
        topic: Where it is heard, for messages.
        names: Of the objects.
        limit: How old what it says may be [s].
        clock: The steady clock [s].
    """

    def __init__(
        self, topic: str, names: tuple[str, ...], limit: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._topic, self._names, self._limit, self._clock = topic, names, limit, clock
        self._last: _Seen | None = None

    def take(self, values: Mapping[str, Array], stamp: int, late: float) -> None:
        """Note what was seen.

        Args:
            values: By sensor.
            stamp: When it was seen, by its sender's clock [ns].
            late: How long ago that was when it came, by both clocks [s].

        Raises:
            CommandError: It is too old, from the future, or not newer than the last.
        """
        if not abs(late) <= self._limit:
            raise CommandError(
                f"it is {late:.3f} s old by its stamp, limit {self._limit:g} s: "
                "late pictures, or clocks that tell different times"
            )
        if self._last is not None and stamp <= self._last.stamp and self.age <= self._limit:
            raise CommandError("its stamp is not newer than that of the last")
        self._last = _Seen(values, stamp, self._clock() - max(late, 0.0))

    @property
    def age(self) -> float:
        """Since the objects were seen [s]; infinite before."""
        return math.inf if self._last is None else self._clock() - self._last.when

    @property
    def health(self) -> str:
        """What is wrong; empty if nothing."""
        if self._last is None:
            return f"nothing has come on {self._topic} (sensor_msgs/MultiDOFJointState) about {', '.join(self._names)}"
        if self.age > self._limit:
            return f"{self._topic} is {self.age:.2f} s old, limit {self._limit:g} s"
        return ""

    @property
    def values(self) -> Mapping[str, Array]:
        """The newest, by sensor.

        Raises:
            BackendError: There is none yet.
        """
        if self._last is None:
            raise BackendError(self.health)
        return self._last.values


class WithTracker(Backend):
    """A robot, and a tracker that sees what it does not. Without the tracker nothing is measured.

    Args:
        robot: Measures all but the objects.
        tracker: Measures these.
    """

    def __init__(self, robot: Backend, tracker: TrackedObjects) -> None:
        self._robot, self._tracker = robot, tracker

    def connect(self) -> None:
        """See `Backend.connect`."""
        self._robot.connect()

    def arm(self) -> None:
        """See `Backend.arm`."""
        self._robot.arm()

    def disarm(self) -> None:
        """See `Backend.disarm`."""
        self._robot.disarm()

    def write(self, command: Array, until: float) -> None:
        """See `Backend.write`."""
        self._robot.write(command, until)

    def read(self) -> Reading:
        """See `Backend.read`: a tracker that has gone silent is what is wrong with the robot, if nothing else is.

        Raises:
            BackendError: Either has never told anything.
        """
        reading, seen = self._robot.read(), self._tracker.values
        measured = Measurement({**reading.measurement, **seen})
        return replace(reading, measurement=measured, health=reading.health or self._tracker.health)

    def safe(self) -> None:
        """See `Backend.safe`."""
        self._robot.safe()

    def close(self) -> None:
        """See `Backend.close`."""
        self._robot.close()

    def show_inputs(self, inputs: Mapping[str, Array]) -> None:
        """See `Backend.show_inputs`."""
        self._robot.show_inputs(inputs)

    def truth(self) -> Truth | None:
        """See `Backend.truth`."""
        return self._robot.truth()

    def render(self, width: int, height: int) -> np.ndarray | None:
        """See `Backend.render`."""
        return self._robot.render(width, height)
