# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings that all drivers over the motor process share."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.robot import POSITION, Robot
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.hardware.checks import check_gain, check_twice
from ros_rl.settings.nodes import ControlSettings


@dataclass(frozen=True)
class MotorSettings(BackendSettings):
    """A robot whose motors take a position, gains and a torque, many times per control period."""

    rate_hz: float = setting(500.0, "cycles of the motor loop per second", unit="Hz", low=100.0, high=1000.0)
    silence_limit: float = setting(
        0.05, "damp and fault when the robot has sent no state for this long", unit="s", low=0.005, high=1.0
    )
    contact_force: float = setting(20.0, "foot force from which a foot stands, in the robot's own unit", low=0.0)
    connect_timeout: float = setting(3.0, "how long the robot may take to send its first state", unit="s", low=0.1)
    priority: int = setting(80, "real-time priority of the motor loop; 0 asks for none", low=0, high=99)

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: at least two cycles in a period."""
        check_twice(self.rate_hz, control.rate_hz)

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: position commands, gains, and damping as the safe action."""
        others = [name for name, own in zip(robot.joints, robot.interfaces, strict=True) if own != POSITION]
        if others:
            raise ConfigError(
                f"joint '{others[0]}' of robot '{robot.name}' takes no position commands, as its motors do"
            )
        if robot.safety.safe_action != "damp":
            raise ConfigError(
                f"safety.safe_action of robot '{robot.name}' is '{robot.safety.safe_action}'; motors can do 'damp'"
            )
        for kind in ("stiffness", "damping"):
            check_gain(robot, kind)
