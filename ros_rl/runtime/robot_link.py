# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's way to a backend: whatever a backend raises becomes a latched fault, and what is latched wins."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ros_rl.backends.backend import Backend, Reading
from ros_rl.errors import BackendError, beyond, one_line
from ros_rl.runtime.latch import Latch
from ros_rl.types import Array

ARMING_SECONDS = 60.0
"""How long motors may take until they follow [s]; a robot that its driver has to power and unlock needs half of it."""


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
        self._armed: int | None = None  # the latch's arming under which the motors are on
        self._since = 0.0
        self.pending = ""
        """What the motors wait for before they follow; empty while nothing is being switched on."""
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

    def switch_on(self) -> bool:
        """Switch the motors on, once for each arming of the latch.

        Returns:
            Whether they follow, and did when the newest reading was taken; until then nothing is to be sent.
        """
        latch = self._latch
        if latch.armed and self._armed != latch.armings:
            self._armed, self._since, self.pending, self.sent = latch.armings, self._clock(), "", None
            self.ask("arm", self._backend.arm)
            if not latch.armed:  # whatever latched meanwhile wins
                self.be_safe()
        waited, passed = self.pending, self._clock() - self._since
        self.pending = self.ask("say what it waits for", lambda: self._backend.pending) or ""
        if self.pending and passed > ARMING_SECONDS:
            self.trip(f"the motors do not follow {passed:.0f} s after they were armed; they wait for {self.pending}")
        return latch.armed and not (self.pending or waited)

    def switch_off(self) -> None:
        """Switch the motors off, if they are on."""
        self.sent, self.pending = None, ""
        if self._armed is not None:
            self._armed = None
            self.ask("disarm", self._backend.disarm)

    def be_safe(self) -> None:
        """Do the robot's safe action; what the backend raises is a fault, too."""
        self.sent, self.pending = None, ""
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
                self.trip(
                    f"the backend took {beyond(took, self._lost_time, 2)} s to {what}, limit {self._lost_time:g} s"
                )
            return answer
        except Exception as error:  # simulators and robots' libraries raise anything
            self._trip(what, error)
            self.be_safe()
            return None

    def _trip(self, what: str, error: Exception) -> None:
        reason = f"the backend failed to {what}: {type(error).__name__}: {one_line(error)}"
        self.faults += self._latch.trip(reason, lasting=True)
