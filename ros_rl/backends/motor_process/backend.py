# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What all drivers over the motor process are: a backend whose motors follow positions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from ros_rl.backends.backend import Backend, Reading
from ros_rl.backends.legged_odometry import LeggedOdometry
from ros_rl.backends.motor_process.bus import MotorBus
from ros_rl.backends.motor_process.process import MotorProcess
from ros_rl.backends.motor_process.spec import MotorSpec
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.motors import MotorSettings
from ros_rl.types import Array, Measurement

_LOOKS = 0.005  # s


class MotorBackend(Backend):
    """A robot behind the motor process.

    Args:
        robot: The robot.
        bus: Its motors.
        settings: Of its driver.
        period: Control period [s].
        estimator: Makes what estimates the base's velocity and position; None for a robot without a base that moves.
    """

    def __init__(
        self,
        robot: Robot,
        bus: type[MotorBus],
        settings: MotorSettings,
        period: float,
        estimator: Callable[[Robot], LeggedOdometry] | None = None,
    ) -> None:
        self._robot, self._settings = robot, settings
        self.motors = MotorProcess(
            MotorSpec(
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
        )
        """The motor process."""
        self._lock = threading.Lock()
        self._connected = False
        self._since = np.zeros(7)
        self._means = np.zeros(6)

    def connect(self) -> None:
        """See `Backend.connect`: start the motor process, and wait for the robot's first state.

        Raises:
            BackendError: The robot sends none.
        """
        self.motors.start()
        self._since = np.zeros(7)
        deadline = time.monotonic() + self._settings.connect_timeout
        while not self.motors.report()["sequence"]:
            problem = self.motors.problem
            if problem or time.monotonic() > deadline:
                report = self.motors.report()
                complaint = report["complaint"].decode() if report["rejected"] or report["complaint"] else ""
                self.close()
                raise BackendError(problem or self._silent(complaint))
            time.sleep(_LOOKS)
        self._connected = True

    def _silent(self, complaint: str) -> str:
        heard = f": {complaint}" if complaint else "; is it switched on, in low-level mode, and the cable in?"
        return f"the robot sends no state within {self._settings.connect_timeout:g} s{heard}"

    def arm(self) -> None:
        """See `Backend.arm`: the motors damp until the first target."""
        self.motors.arm()

    def disarm(self) -> None:
        """See `Backend.disarm`."""
        self.motors.rest()

    def write(self, command: Array, until: float) -> None:
        """See `Backend.write`.

        Raises:
            BackendError: It is not finite or has the wrong size.
        """
        if command.shape != (self._robot.size,) or not np.isfinite(command).all():
            raise BackendError(f"command {command} is not {self._robot.size} finite numbers")
        self.motors.follow(command, until)

    def read(self) -> Reading:
        """See `Backend.read`.

        Raises:
            BackendError: It is not connected.
        """
        if not self._connected:
            raise BackendError("the robot is not connected")
        with self._lock:
            now = time.monotonic()  # before it reads: to be held up in between makes no state older
            report = self.motors.report()
            age = max(now - float(report["received"]), 0.0)
            return Reading(self._measurement(report), age, int(report["sequence"]), self._health(report, age))

    def safe(self) -> None:
        """See `Backend.safe`: damp."""
        if self._connected:
            self.motors.damp()

    def close(self) -> None:
        """See `Backend.close`: the motors damp, then rest, and the motor process ends."""
        self._connected = False
        self.motors.close()

    def _health(self, report: np.void, age: float) -> str:
        if self.motors.problem:
            return self.motors.problem
        if report["fault"] and int(report["arming"]) == self.motors.arming:  # what an arming has cleared is over
            return str(report["fault"].decode())
        limit = self._settings.silence_limit
        if age <= limit:
            return ""
        complaint = f"; {report['complaint'].decode()}" if report["complaint"] else ""
        return f"the robot has sent no state for {age:.3f} s, limit {limit:g} s{complaint}"

    def _measurement(self, report: np.void) -> Measurement:
        """Every sensor of a legged robot; means are those since the last reading."""
        velocity, acceleration = self._means_since(report)
        measured = {
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
        return Measurement({name: measured[name] for name in self._robot.sensors})

    def _means_since(self, report: np.void) -> tuple[Array, Array]:
        sums = np.concatenate([report["base_velocity_sum"], report["acceleration_sum"], [report["time"]]])
        passed = sums - self._since
        if passed[-1] > 0.0:
            self._since, self._means = sums, passed[:-1] / passed[-1]
        return self._means[:3].copy(), self._means[3:].copy()
