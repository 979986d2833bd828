# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the motor process is told when it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ros_rl.backends.legged_odometry import LeggedOdometry
from ros_rl.backends.motor_process.bus import MotorBus
from ros_rl.robot import Robot


@dataclass(frozen=True)
class MotorSpec:
    """What the motor process is told when it starts; it is pickled, so all classes are importable ones."""

    robot: Robot
    bus: type[MotorBus]
    settings: Any
    """Of the bus."""
    period: float
    """Control period of the driver [s]."""
    rate_hz: float = 500.0
    """Of the loop [Hz]."""
    silence: float = 0.05
    """Time without a state after which it damps [s]."""
    contact: float = 20.0
    """Foot force from which a foot bears weight, in the robot's own unit."""
    priority: int = 80
    """Real-time priority, 1 to 99; 0 asks for none."""
    estimator: Callable[[Robot], LeggedOdometry] | None = None
    """Makes what estimates the base's velocity and position; None estimates nothing."""
    feet: int = 4
    """Foot sensors of the robot."""

    @property
    def ramp(self) -> float:
        """Time that the set point takes from one target to the next [s]."""
        return self.robot.command_ramp * self.period
