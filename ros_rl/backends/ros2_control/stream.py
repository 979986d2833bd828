# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the controller is sent, moment by moment, and when that is the stop. Time is passed in."""

from __future__ import annotations

from enum import Enum

import numpy as np

from ros_rl.backends.ros2_control.orders import Order
from ros_rl.robot import POSITION
from ros_rl.types import Array

STOP_SECONDS = 0.5
"""How long the stop is sent before nothing is, after disarming [s]."""


class Phase(Enum):
    """What the controller is sent."""

    REST = "nothing"
    STOP = "the stop"
    FOLLOW = "set points on their way to a target"
    LATCHED = "the stop, until the next arming"
    ENDING = "the stop, for a while"


class Stream:
    """Set points between targets, the expiry of each target, and the stop.

    The controller holds what it was sent last for ever. The stop is therefore sent again and again: zero velocity, or
    the set point where it is. A target that expires and a driver that ends latch it.

    Args:
        interface: Command interface of all joints.
        joints: Their number.
        ramp: How long the way to a new target takes [s].
    """

    def __init__(self, interface: str, joints: int, ramp: float) -> None:
        self._holds, self._ramp = interface == POSITION, ramp
        self.phase = Phase.REST
        """What the controller is sent."""
        self.expired = 0
        """Targets that ended before the next came."""
        self.armings = 0
        """Those that it has seen."""
        self._from = self._target = self._now = np.zeros(joints)
        self._begun = self._until = self._ends = 0.0
        self._closing = self._lost = False

    @property
    def over(self) -> bool:
        """Whether nothing is left to do: the driver has closed it, or has ended with the robot at rest."""
        return self.phase is Phase.REST and (self._closing or self._lost)

    @property
    def abandoned(self) -> bool:
        """Whether the driver has ended without coming to rest."""
        return self._lost and self.phase is Phase.LATCHED

    def take(self, order: Order, until: float, values: Array, now: float) -> None:
        """Take an order of the driver's.

        Args:
            order: What is to be done.
            until: When a target expires [s].
            values: Of an arming or a target, in the controller's order of joints, shape (joints,).
            now: Steady clock [s].
        """
        if order is Order.ARM:
            self.armings += 1
            self.phase = Phase.STOP
            self._now = values.copy() if self._holds else np.zeros_like(values)
        elif order is Order.FOLLOW and self.phase in (Phase.STOP, Phase.FOLLOW):
            self._from, self._target, self._begun = self._set_point(now), values.copy(), now
            self.phase, self._until = Phase.FOLLOW, until
        elif order is Order.STOP and self.phase is Phase.FOLLOW:
            self._stop(Phase.STOP, now)
        elif order in (Order.REST, Order.CLOSE):
            self._closing = self._closing or order is Order.CLOSE
            if self.phase not in (Phase.REST, Phase.ENDING):
                self._stop(Phase.ENDING, now)
                self._ends = now + STOP_SECONDS

    def lose(self, now: float) -> None:
        """The driver has ended."""
        self._lost = True
        if self.phase not in (Phase.REST, Phase.ENDING):
            self._stop(Phase.LATCHED, now)

    def at(self, now: float) -> Array | None:
        """What the controller is sent now, shape (joints,); None for nothing."""
        if self.phase is Phase.FOLLOW and now > self._until:
            self.expired += 1
            self._stop(Phase.LATCHED, now)
        if self.phase is Phase.ENDING and now > self._ends:
            self.phase = Phase.REST
        if self.phase is Phase.REST:
            return None
        self._now = self._set_point(now)
        return self._now

    def _set_point(self, now: float) -> Array:
        if self.phase is not Phase.FOLLOW:
            return self._now
        share = 1.0 if self._ramp <= 0.0 else min((now - self._begun) / self._ramp, 1.0)
        return self._from + share * (self._target - self._from)

    def _stop(self, phase: Phase, now: float) -> None:
        held = self._set_point(min(now, self._until) if self.phase is Phase.FOLLOW else now)
        self._now = held if self._holds else np.zeros_like(held)
        self.phase = phase
