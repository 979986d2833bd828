# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the motor process is told when it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ros_rl.backends.motor_process.bus import MotorBus
from ros_rl.robot import Robot
from ros_rl.types import Array


class Estimate(Protocol):
    """What is estimated of a robot's base."""

    position: Array
    """In the odometry frame [m], shape (3,)."""
    linear_velocity: Array
    """In the base frame [m/s], shape (3,)."""


class BaseEstimator(Protocol):
    """Estimates what no sensor of a legged robot measures."""

    def reset(self) -> None:
        """Forget everything."""

    def update(
        self,
        dt: float,
        joint_position: Array,
        joint_velocity: Array,
        orientation: Array,
        angular_velocity: Array,
        linear_acceleration: Array,
        contact: NDArray[np.bool_],
    ) -> Estimate:
        """Take in a state, `dt` [s] after the last; which feet stand is bool, shape (feet,)."""


Estimator = Callable[[Robot], BaseEstimator]


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
    temperature: float = 60.0
    """Of a motor from which it damps [degrees Celsius]."""
    contact: float = 20.0
    """Foot force from which a foot stands, in the robot's own unit."""
    priority: int = 80
    """Real-time priority, 1 to 99; 0 asks for none."""
    estimator: Estimator | None = None
    """Makes what estimates the base's velocity and position; None estimates nothing."""
    feet: int = 4
    """Foot sensors of the robot."""

    @property
    def ramp(self) -> float:
        """Time that the set point takes from one target to the next [s]."""
        return self.robot.command_ramp * self.period
