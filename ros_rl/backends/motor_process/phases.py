# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the motors are to do: follow, damp or rest, by the driver's order, its life, and the robot's state."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.motor_process.records import Phase

DAMPING_SECONDS = 1.0
"""Damping before all gains become zero [s]."""


class Phases:
    """Decides, cycle by cycle.

    A target that has expired, a driver that has ended and one that disarms lead to damping for `DAMPING_SECONDS`, and
    then to rest. What follows after rest, after a fault and after the driver's end needs a fresh arming.
    """

    def __init__(self) -> None:
        self.phase = Phase.REST
        """What the motors do now."""
        self.fault = ""
        """Why they may not follow; until the next arming."""
        self.expired = 0
        """Targets that ended before the next came."""
        self.arming = 0
        """The newest that was seen."""
        self._spent = 0
        self._ending: float | None = None

    def decide(self, order: np.void, now: float, attended: bool, blind: str, fault: str) -> Phase:
        """What the motors are to do now.

        Args:
            order: The driver's newest.
            now: Steady clock [s].
            attended: Whether the driver's process is there.
            blind: Why the robot's state is not known; empty if it is.
            fault: What the state says is wrong; empty if nothing.
        """
        arming = int(order["arming"])
        if arming > self.arming:
            self.arming, self.fault = arming, ""
        self.fault = self.fault or fault
        over = not attended or order["closing"]
        self._spent = max(self._spent, arming if over else int(order["disarmed"]))
        wish = self._wish(order, now)
        if wish is Phase.FOLLOW and (blind or self.fault):
            wish = Phase.DAMP
        if wish is Phase.REST:
            wish = self._end(now)
        else:
            self._ending = None
        self.phase = wish
        return wish

    def _wish(self, order: np.void, now: float) -> Phase:
        if int(order["arming"]) <= self._spent:
            return Phase.REST
        if now > order["until"]:
            self.expired += self._ending is None
            return Phase.REST
        return Phase(int(order["phase"]))

    def _end(self, now: float) -> Phase:
        """Damp for a while, unless all is at rest already."""
        if self.phase is Phase.REST:
            return Phase.REST
        if self._ending is None:
            self._ending = now
        if now - self._ending < DAMPING_SECONDS:
            return Phase.DAMP
        self._spent = self.arming
        return Phase.REST
