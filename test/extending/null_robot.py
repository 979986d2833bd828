# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A backend of one's own, with its settings: a robot without mass, whose joints move exactly as they are told."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ros_rl.backends.backend import Scenario, Simulator
from ros_rl.config import setting
from ros_rl.robot import Robot
from ros_rl.settings.backends import SimulatorSettings
from ros_rl.types import Array, Measurement


@dataclass(frozen=True)
class NullSettings(SimulatorSettings):
    """A robot without mass."""

    knows_truth: ClassVar[bool] = False  # an evaluation would need `Backend.truth`
    spread: float = setting(1.0, "joint positions at reset: home +- this", unit="rad", low=0.0)


class NullRobot(Simulator):
    """Integrates velocity commands, and nothing else happens."""

    def __init__(self, robot: Robot, settings: NullSettings, period: float, scenario: Scenario) -> None:
        super().__init__(robot)
        self.robot, self.settings, self.period = robot, settings, period

    def begin(self, rng: np.random.Generator) -> Measurement:
        """Begin near the home pose."""
        spread = self.settings.spread
        self.position = self.robot.home + rng.uniform(-spread, spread, self.robot.size)
        return self.step(np.zeros(self.robot.size), np.zeros(self.robot.size))

    def step(self, previous: Array, command: Array) -> Measurement:
        """Move for one control period."""
        self.position = self.position + self.period * command
        return Measurement(
            joint_position=self.position, joint_velocity=command.copy(), joint_effort=np.zeros(self.robot.size)
        )

    def safe_step(self) -> Measurement:
        """Stand still."""
        return self.step(np.zeros(self.robot.size), np.zeros(self.robot.size))

    def close(self) -> None:
        """Nothing to release."""
