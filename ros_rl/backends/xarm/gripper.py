# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The vendor's gripper on the arm's flange, now and then between two velocities of the arm."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ros_rl.backends.xarm.arm import Arm
from ros_rl.backends.xarm.ramp import Ramp

PULSES = 1000.0
"""Of the gripper per rad of its drive joint: 0 is closed, 850 open (xarm_ros2, xarm_gripper: 0.85 rad)."""
_EVERY, _MOVING = 0.1, 0.05  # s between two visits, and while it moves; each takes some milliseconds on the arm's bus
_STILL = 20.0  # pulses/s
_LEAST = 1  # pulses; less is not worth a visit


class Grip(NamedTuple):
    """How it was found.

    Attributes:
        position: [pulses].
        speed: [pulses/s].
        told: Where it had been sent by the visit before, which it had that time to go to [pulses]; None: nowhere.
    """

    position: float
    speed: float
    told: int | None = None


class Gripper:
    """A gripper that goes where it was sent last and stays there, whatever becomes of the driver.

    Args:
        arm: Connected.
        ramp: Time in which it goes over to a new target [s].
        clock: The steady clock [s].
    """

    def __init__(self, arm: Arm, ramp: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._arm, self._seconds, self._clock = arm, ramp, clock
        self._sent: int | None = None
        self._read = float("-inf")
        self._ramp: Ramp | None = None
        self.found = Grip(0.0, 0.0)
        """As it was found last."""

    @property
    def due(self) -> float:
        """When it is to be looked after [s, steady clock]."""
        moves = abs(self.found.speed) > _STILL or self._next(self._clock()) is not None
        return self._read + (_MOVING if moves else _EVERY)

    def switch_on(self) -> None:
        """Let it take positions, where it is.

        Raises:
            BackendError: It does not, or reports an error that stays.
        """
        self._sent = self._ramp = None
        self._arm.switch_gripper_on()

    def go(self, target: float, begun: float) -> None:
        """Let it go somewhere [pulses], by a way that was to begin at a moment [s, steady clock]. From any thread."""
        ramp = self._ramp = self._ramp or Ramp(np.array([self.found.position]), self._seconds)
        ramp.go(np.array([target]), begun)

    def tend(self, ready: bool) -> None:
        """Look after it, if it is due: send it on, and see where it is.

        Args:
            ready: Whether it may move.

        Raises:
            BackendError: It does not answer, or reports an error.
        """
        now, told = self._clock(), self._sent
        if now < self.due:
            return
        target = self._next(now)
        if ready and target is not None:
            self._sent = target
            self._arm.grip(target)
        position, passed = self._arm.gripper_position(), now - self._read
        speed = 0.0 if passed > 5 * _EVERY else (position - self.found.position) / passed
        self.found = Grip(position, speed, told)
        self._read = now

    def _next(self, now: float) -> int | None:
        """Where it is to be sent at a visit [pulses]; None: where it was sent already, or nowhere."""
        if self._ramp is None:
            return None
        target = float(self._ramp.at(now + _MOVING / 2.0)[0])  # the mean until the next visit
        return None if self._sent is not None and abs(target - self._sent) < _LEAST else round(target)
