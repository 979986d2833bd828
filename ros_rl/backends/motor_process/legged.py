# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A legged robot behind the motor process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ros_rl.backends.legged_odometry import LeggedOdometry
from ros_rl.backends.motor_process.backend import MotorBackend
from ros_rl.backends.motor_process.bus import MotorBus
from ros_rl.backends.motor_process.spec import MotorSpec
from ros_rl.robot import Robot
from ros_rl.settings.hardware.motors import MotorSettings
from ros_rl.types import Array

_HINT = "is it switched on, in low-level mode, and the cable in?"


class LeggedBackend(MotorBackend):
    """A legged robot: IMU, feet, and where its base is by its own odometry.

    Args:
        robot: The robot.
        bus: Its motors.
        settings: Of its driver.
        period: Control period [s].
        estimator: Makes what estimates the base's velocity and position; None estimates nothing.
    """

    def __init__(
        self,
        robot: Robot,
        bus: type[MotorBus],
        settings: MotorSettings,
        period: float,
        estimator: Callable[[Robot], LeggedOdometry] | None = None,
    ) -> None:
        spec = MotorSpec(
            robot,
            bus,
            settings,
            period,
            rate_hz=settings.rate_hz,
            silence=settings.silence_limit,
            contact=settings.contact_force,
            priority=settings.priority,
            estimator=estimator,
        )
        super().__init__(spec, settings.connect_timeout, _HINT)
        self._since = np.zeros(7)
        self._means = np.zeros(6)

    def connect(self) -> None:
        """See `MotorBackend.connect`."""
        self._since = np.zeros(7)
        super().connect()

    def measured(self, report: np.void) -> dict[str, Array]:
        """See `MotorBackend.measured`; means are those since the last reading."""
        velocity, acceleration = self._means_since(report)
        return {
            "joint_position": report["position"].copy(),
            "joint_velocity": report["velocity"].copy(),
            "joint_temperature": report["temperature"].copy(),
            "joint_effort": report["effort"].copy(),
            "imu_orientation": report["orientation"].copy(),
            "imu_angular_velocity": report["angular_velocity"].copy(),
            "imu_linear_acceleration": acceleration,
            "base_position": report["base_position"].copy(),
            "base_orientation": report["orientation"].copy(),
            "base_linear_velocity": velocity,
            "contact_force": report["foot_force"].copy(),
        }

    def _means_since(self, report: np.void) -> tuple[Array, Array]:
        sums = np.concatenate([report["base_velocity_sum"], report["acceleration_sum"], [report["time"]]])
        passed = sums - self._since
        if passed[-1] > 0.0:
            self._since, self._means = sums, passed[:-1] / passed[-1]
        return self._means[:3].copy(), self._means[3:].copy()
