# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The vendor's gripper on the arm's flange, a few times a second between two velocities of the arm."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from ros_rl.backends.xarm.arm import Arm

PULSES = 1000.0
"""Of the gripper per rad of its drive joint: 0 is closed, 850 open (xarm_ros2, xarm_gripper: 0.85 rad)."""
_EVERY = 0.1  # s between two visits; each takes some milliseconds on the arm's own bus
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
        clock: The steady clock [s].
    """

    def __init__(self, arm: Arm, clock: Callable[[], float] = time.monotonic) -> None:
        self._arm, self._clock = arm, clock
        self._sent: int | None = None
        self._read = float("-inf")
        self.target: float | None = None
        """Where it is to go [pulses]; None leaves it where it is. From any thread."""
        self.found = Grip(0.0, 0.0)
        """As it was found last."""

    @property
    def due(self) -> float:
        """When it is to be looked after [s, steady clock]."""
        return self._read + _EVERY

    def switch_on(self) -> None:
        """Let it take positions, where it is.

        Raises:
            BackendError: It does not, or reports an error that stays.
        """
        self._sent = self.target = None
        self._arm.switch_gripper_on()

    def tend(self, ready: bool) -> None:
        """Look after it, if it is due: send it on, and see where it is.

        Args:
            ready: Whether it may move.

        Raises:
            BackendError: It does not answer, or reports an error.
        """
        now, target, told = self._clock(), self.target, self._sent
        if now < self.due:
            return
        if ready and target is not None and (self._sent is None or abs(target - self._sent) >= _LEAST):
            self._sent = round(target)
            self._arm.grip(self._sent)
        position, passed = self._arm.gripper_position(), now - self._read
        speed = 0.0 if passed > 5 * _EVERY else (position - self.found.position) / passed
        self.found = Grip(position, speed, told)
        self._read = now
