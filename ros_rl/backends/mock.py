# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A tiny linear robot for tests: each axis follows its position command like a damped spring."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.backend import EMPTY, Scenario, Simulator, Truth
from ros_rl.robot import Robot
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.types import Array, Measurement

_RATE = 4.0  # 1/s, at which velocity approaches its target


class MockBackend(Simulator):
    """v' = rate (c - v), x' = v per axis, integrated exactly enough by small steps; c is the command as a velocity.

    Args:
        robot: Any robot; its home pose is the origin.
        settings: It has none.
        period: Control period [s].
        scenario: There is nothing around it.
    """

    def __init__(self, robot: Robot, settings: MockSettings, period: float, scenario: Scenario = EMPTY) -> None:
        super().__init__(robot)
        self._robot, self._period = robot, period
        self._position = robot.home.copy()
        self._velocity = np.zeros(robot.size)

    def begin(self, rng: np.random.Generator) -> Measurement:
        """Start near one unit from home, at rest."""
        self._position = self._robot.home + rng.uniform(-1.0, 1.0, self._robot.size)
        self._velocity = np.zeros(self._robot.size)
        return self._measure()

    def step(self, previous: Array, command: Array) -> Measurement:
        """Advance one control period."""
        target = command - self._robot.center
        decay = np.exp(-_RATE * self._period)
        self._position = self._position + self._period * target + (self._velocity - target) * (1 - decay) / _RATE
        self._velocity = target + (self._velocity - target) * decay
        return self._measure()

    def safe_step(self) -> Measurement:
        """Come to rest."""
        return self.step(self._robot.center, self._robot.center)

    def truth(self) -> Truth:
        """The axes are all there is."""
        return Truth(np.zeros(3), 0.0, None, 0, 0.0, 0, 0.0, joint_position=self._position.copy())

    def close(self) -> None:
        """Nothing to release."""

    def _measure(self) -> Measurement:
        return Measurement(
            joint_position=self._position.copy(),
            joint_velocity=self._velocity.copy(),
            joint_effort=np.zeros(self._robot.size),
        )
