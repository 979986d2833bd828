# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the linear robot that tests move."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.settings.backends import SimulatorSettings

_OF_JOINTS = ("joint_position", "joint_velocity", "joint_effort")  # sensors


@dataclass(frozen=True)
class MockSettings(SimulatorSettings):
    """A tiny linear robot for tests."""

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: it has commanded joints and nothing else."""
        if robot.floating_base or robot.tool_frame or robot.passive:
            raise ConfigError(f"driver 'mock' measures commanded joints only; it cannot be robot '{robot.name}'")
        others = [name for name in robot.sensors if name not in _OF_JOINTS]
        if others:
            raise ConfigError(f"driver 'mock' has no sensor '{others[0]}', which robot '{robot.name}' lists")
