# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's way to a backend: whatever a backend raises becomes a latched fault, and what is latched wins."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ros_rl.backends.backend import Backend, Reading
from ros_rl.errors import BackendError, one_line
from ros_rl.runtime.latch import Latch
from ros_rl.types import Array


class RobotLink:
    """Writes to and reads from a backend, as far as the latch permits. `be_safe` may be called from any thread.

    Args:
        backend: The robot.
        latch: Says whether anything may act.
        holds: How long a target holds before the backend does its safe action by itself [s].
        clock: The steady clock [s].
        lost_time: How long a call may take before it is a fault of its own, where the robot is armed [s].
    """

    def __init__(
        self,
        backend: Backend,
        latch: Latch,
        holds: float,
        clock: Callable[[], float],
        lost_time: float = math.inf,
    ) -> None:
        self._backend, self._latch, self._holds, self._clock = backend, latch, holds, clock
        self._lost_time = lost_time
        self._motors = False
        self.reading: Reading | None = None
        """The newest; None before the first."""
        self.sent: np.ndarray | None = None
        """The target that holds the robot; None while nothing of ours does."""
        self.faults = 0
        """Faults that were latched here, those that cleared themselves included."""

    def write(self, command: Array) -> None:
        """Send a target; whatever latched meanwhile wins."""
        if self._latch.armed:
            self.sent = command
            self.ask("write", self._backend.write, command, self._clock() + self._holds)
        if not self._latch.armed:
            self.be_safe()

    def read(self) -> Reading:
        """The newest reading; the one before where the backend cannot give one.

        Raises:
            BackendError: It never could.
        """
        self.reading = self.ask("read", self._backend.read) or self.reading
        if self.reading is None:
            raise BackendError(self._latch.reason)
        return self.reading

    def switch_on(self) -> None:
        """Switch the motors on, if they are off and the latch permits."""
        if not self._motors and self._latch.armed:
            self._motors = True
            self.ask("arm", self._backend.arm)

    def switch_off(self) -> None:
        """Switch the motors off, if they are on."""
        self.sent = None
        if self._motors:
            self._motors = False
            self.ask("disarm", self._backend.disarm)

    def be_safe(self) -> None:
        """Do the robot's safe action; what the backend raises is a fault, too."""
        self.sent = None
        try:
            self._backend.safe()
        except Exception as error:  # as in `ask`
            self._trip("be safe", error)

    def trip(self, reason: str) -> bool:
        """Latch a fault and do the safe action; False if something is latched already."""
        latched = self._latch.trip(reason)
        self.faults += latched
        self.be_safe()
        return latched

    def ask(self, what: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call the backend; whatever it raises is a fault that lasts, and the answer is None.

        A call that took too long is a fault, too, at once: a command for what was then must not act now.
        """
        begin = self._clock()
        try:
            answer = call(*arguments)
            took = self._clock() - begin
            if took > self._lost_time and self._latch.armed:
                self.trip(f"the backend took {took:.2f} s to {what}, limit {self._lost_time:g} s")
            return answer
        except Exception as error:  # simulators and robots' libraries raise anything
            self._trip(what, error)
            self.be_safe()
            return None

    def _trip(self, what: str, error: Exception) -> None:
        reason = f"the backend failed to {what}: {type(error).__name__}: {one_line(error)}"
        self.faults += self._latch.trip(reason, lasting=True)
