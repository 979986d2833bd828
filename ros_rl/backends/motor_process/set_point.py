# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where the joints are sent between two targets: a straight line, then rest, never beyond what they may."""

from __future__ import annotations

import numpy as np

from ros_rl.robot import Robot
from ros_rl.types import Array


class SetPoint:
    """Moves linearly from target to target.

    Args:
        robot: Its limits and gains.
        ramp: Time from one target to the next [s].
    """

    def __init__(self, robot: Robot, ramp: float) -> None:
        self._lower, self._upper, self._ramp = robot.limits.lower, robot.limits.upper, ramp
        with np.errstate(divide="ignore"):
            self._reach = robot.limits.effort / robot.stiffness
        self._from = self._to = robot.home
        self._began = 0.0

    def begin(self, position: Array) -> None:
        """Rest at a position, shape (joints,)."""
        self._from = self._to = position.copy()

    def aim(self, target: Array, now: float) -> None:
        """Move to a target, shape (joints,), from now on [s], as far as the position limits allow."""
        self._from, self._began = self.at(now), now
        self._to = np.minimum(np.maximum(target, self._lower), self._upper)

    def at(self, now: float) -> Array:
        """Where it is, shape (joints,)."""
        passed = now - self._began
        if passed >= self._ramp:
            return self._to
        return self._from + max(passed, 0.0) / self._ramp * (self._to - self._from)

    def within_reach(self, now: float, position: Array) -> Array:
        """Where it is, but so near to the joints' positions that the stiffness asks for no more than their effort."""
        nearest: Array = np.minimum(np.maximum(self.at(now), position - self._reach), position + self._reach)
        return nearest
