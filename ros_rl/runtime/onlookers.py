# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What nodes of somebody's see, trackers and cameras, as part of what a robot measures that cannot see it itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_rl.backends.backend import Backend, Reading
from ros_rl.errors import BackendError, CommandError, beyond
from ros_rl.types import Array, Measurement, Truth

Look = Callable[[], Mapping[str, NDArray[Any]]]
"""Gives what was seen, by sensor."""


class _Seen(NamedTuple):
    look: Look
    stamp: int
    """[ns]"""
    when: float
    """[s, steady clock]"""


class Onlooker:
    """What a node of somebody's saw last, and how old that is. All from one thread.

    Args:
        topic: Where it is heard, for messages.
        what: It tells, for messages.
        limit: How old what it tells may be [s].
        clock: The steady clock [s].
    """

    def __init__(self, topic: str, what: str, limit: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._topic, self._what, self._limit, self._clock = topic, what, limit, clock
        self._last: _Seen | None = None

    def take(self, look: Look, stamp: int, late: float) -> None:
        """Note what was seen.

        Args:
            look: Called when it is wanted first, and no more.
            stamp: When it was seen, by its sender's clock [ns].
            late: How long ago that was when it came, by both clocks [s].

        Raises:
            CommandError: It is too old, from the future, or not newer than the last.
        """
        if not abs(late) <= self._limit:
            raise CommandError(
                f"it is {beyond(late, self._limit, 3)} s old by its stamp, limit {self._limit:g} s: "
                "late pictures, or clocks that tell different times"
            )
        if self._last is not None and stamp <= self._last.stamp and self.age <= self._limit:
            raise CommandError("its stamp is not newer than that of the last")
        self._last = _Seen(cache(look), stamp, self._clock() - max(late, 0.0))

    @property
    def age(self) -> float:
        """Since it was seen [s]; infinite before."""
        return math.inf if self._last is None else self._clock() - self._last.when

    @property
    def health(self) -> str:
        """What is wrong; empty if nothing."""
        if self._last is None:
            return f"nothing has come on {self._topic} {self._what}"
        if self.age > self._limit:
            return f"{self._topic} is {beyond(self.age, self._limit, 2)} s old, limit {self._limit:g} s"
        return ""

    @property
    def values(self) -> Mapping[str, NDArray[Any]]:
        """The newest, by sensor.

        Raises:
            BackendError: There is none yet.
        """
        if self._last is None:
            raise BackendError(self.health)
        return self._last.look()


class WithOnlookers(Backend):
    """A robot, and nodes that see what it does not. Without them nothing is measured.

    Args:
        robot: Measures all else.
        onlookers: Each measures something.
    """

    def __init__(self, robot: Backend, onlookers: Sequence[Onlooker]) -> None:
        self._robot, self._onlookers = robot, tuple(onlookers)

    def connect(self) -> None:
        """See `Backend.connect`."""
        self._robot.connect()

    def arm(self) -> None:
        """See `Backend.arm`."""
        self._robot.arm()

    @property
    def pending(self) -> str:
        """See `Backend.pending`."""
        return self._robot.pending

    def disarm(self) -> None:
        """See `Backend.disarm`."""
        self._robot.disarm()

    def write(self, command: Array, until: float) -> None:
        """See `Backend.write`."""
        self._robot.write(command, until)

    def read(self) -> Reading:
        """See `Backend.read`: one that has gone silent is what is wrong with the robot, if nothing else is.

        Raises:
            BackendError: Any has never told anything.
        """
        reading = self._robot.read()
        seen = {name: value for onlooker in self._onlookers for name, value in onlooker.values.items()}
        health = next(filter(None, (reading.health, *(onlooker.health for onlooker in self._onlookers))), "")
        return replace(reading, measurement=Measurement({**reading.measurement, **seen}), health=health)

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
