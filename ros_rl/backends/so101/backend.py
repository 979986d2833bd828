# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An SO-101: its servos behind the motor process, which holds the arm where it is when the driver ends or stops."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np

from ros_rl.backends.backend import EMPTY, Backend, Reading, Scenario
from ros_rl.backends.motor_process import MotorProcess, MotorSpec
from ros_rl.backends.so101.bus import So101Bus, servos_of
from ros_rl.backends.so101.inspection import inspect
from ros_rl.backends.so101.registers import FULL, TORQUE_ENABLE, TORQUE_LIMIT
from ros_rl.backends.so101.servos import Servos
from ros_rl.errors import BackendError, one_line
from ros_rl.robot import Robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.settings.hardware.so101 import So101Settings
from ros_rl.types import Array, Measurement

_FIRST_STATE = 2.0  # s
_LOOKS = 0.005  # s
_LETS_GO = 50  # steps of the torque limit


class So101Backend(Backend):
    """The arm.

    Args:
        robot: The robot.
        settings: Of its driver.
        period: Control period [s].
        scenario: Nothing of it is simulated.
    """

    def __init__(self, robot: Robot, settings: So101Settings, period: float, scenario: Scenario = EMPTY) -> None:
        self._robot, self._settings = robot, settings
        self.motors = MotorProcess(
            MotorSpec(
                replace(
                    robot,
                    safety=replace(
                        robot.safety,
                        damping=1.0,  # which tells holding from being left alone
                        temperature=min(robot.safety.temperature, settings.temperature_limit),
                    ),
                ),
                So101Bus,
                settings,
                period,
                rate_hz=settings.rate_hz,
                silence=settings.silence_limit,
                feet=0,
            )
        )
        """The motor process."""
        self._kinematics = Kinematics(robot, urdf_of(robot, kinematics=True)) if robot.tool_frame else None
        self._lock = threading.Lock()
        self._connected = self._armed = False

    def connect(self) -> None:
        """See `Backend.connect`: ask the servos who and how they are, and start the motor process.

        Raises:
            BackendError: The port cannot be opened, or the arm is refused; see `inspect`.
        """
        servos = servos_of(self._settings, self._robot)
        servos.open()
        try:
            inspect(servos, self._robot, self._settings)
        except OSError as error:
            raise BackendError(f"port {self._settings.port}: {one_line(error)}") from None
        finally:
            servos.close()
        self.motors.start()
        deadline = time.monotonic() + _FIRST_STATE
        while not self.motors.report()["sequence"]:
            if self.motors.problem or time.monotonic() > deadline:
                complaint = self.motors.problem or self.motors.report()["complaint"].decode()
                self.close()
                raise BackendError(f"the servos send no state within {_FIRST_STATE:g} s: {complaint}")
            time.sleep(_LOOKS)
        self._connected = True

    def arm(self) -> None:
        """See `Backend.arm`: the servos hold where they are, under torque."""
        self._armed = True
        self.motors.arm()

    def disarm(self) -> None:
        """See `Backend.disarm`: the arm would fall without torque, so it holds; `close` lets it sink."""
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
            report = self.motors.report()
            age = time.monotonic() - float(report["received"])
            return Reading(self._measurement(report), age, int(report["sequence"]), self._health(report, age))

    def safe(self) -> None:
        """See `Backend.safe`: hold where the arm is."""
        if self._connected:
            self.motors.damp()

    def close(self) -> None:
        """See `Backend.close`: hold, end the motor process, then let go so slowly that the arm sinks."""
        self._connected = False
        self.motors.close()
        if self._armed and self._settings.release_time > 0.0:
            self._armed = False
            servos = servos_of(self._settings, self._robot)
            try:
                servos.open()
                self._let_go(servos)
            except (BackendError, OSError):
                pass  # nobody is there to let go, or to be told
            finally:
                servos.close()

    def _let_go(self, servos: Servos) -> None:
        share = np.minimum(self._robot.limits.effort / self._settings.stall_torque, 1.0)
        for step in range(_LETS_GO, -1, -1):
            limits = np.round(FULL * share * step / _LETS_GO).astype(int).tolist()
            servos.write((TORQUE_LIMIT,), {servo: (limit,) for servo, limit in zip(servos.ids, limits, strict=True)})
            time.sleep(self._settings.release_time / _LETS_GO)
        servos.write((TORQUE_ENABLE,), dict.fromkeys(servos.ids, (0,)))
        servos.write((TORQUE_LIMIT,), dict.fromkeys(servos.ids, (FULL,)))  # as other programs expect to find it

    def _health(self, report: np.void, age: float) -> str:
        if self.motors.problem:
            return self.motors.problem
        if report["fault"] and int(report["arming"]) == self.motors.arming:  # what an arming has cleared is over
            return str(report["fault"].decode())
        limit = self._settings.silence_limit
        if age <= limit:
            return ""
        complaint = f": {report['complaint'].decode()}" if report["complaint"] else ""
        return f"the servos have sent no state for {age:.3f} s, limit {limit:g} s{complaint}"

    def _measurement(self, report: np.void) -> Measurement:
        position = report["position"].copy()
        measured = {
            "joint_position": position,
            "joint_velocity": report["velocity"].copy(),
            "joint_effort": report["effort"].copy(),
            "joint_temperature": report["temperature"].copy(),
        }
        if self._kinematics is not None:
            measured["tool_position"] = self._kinematics.positions(position)[-1].copy()
        return Measurement({name: measured[name] for name in self._robot.sensors})
