# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An SO-101: its servos behind the motor process, which holds the arm where it is when the driver ends or stops."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ros_rl.backends.backend import EMPTY, Scenario
from ros_rl.backends.motor_process import MotorBackend, MotorSpec
from ros_rl.backends.own_limits import OwnLimits
from ros_rl.backends.so101.bus import So101Bus, servos_of
from ros_rl.backends.so101.calibration import own_limits
from ros_rl.backends.so101.inspection import inspect
from ros_rl.backends.so101.registers import FULL, TORQUE_ENABLE, TORQUE_LIMIT
from ros_rl.backends.so101.servos import Servos
from ros_rl.errors import BackendError, one_line
from ros_rl.robot import Robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.settings.hardware.so101 import So101Settings
from ros_rl.types import Array

_FIRST_STATE = 2.0  # s
_AGAIN_SECONDS, _LOOKS_SECONDS = 0.4, 0.005
_LETS_GO = 50  # steps of the torque limit


class So101Backend(MotorBackend):
    """The arm.

    Args:
        robot: The robot.
        settings: Of its driver.
        period: Control period [s].
        scenario: Nothing of it is simulated.
    """

    def __init__(self, robot: Robot, settings: So101Settings, period: float, scenario: Scenario = EMPTY) -> None:
        self._settings = settings
        safety = replace(
            robot.safety,
            damping=1.0,  # which tells holding from being left alone
            temperature=min(robot.safety.temperature, settings.temperature_limit),
        )
        spec = MotorSpec(
            replace(robot, safety=safety),
            So101Bus,
            settings,
            period,
            rate_hz=settings.rate_hz,
            silence=settings.silence_limit,
            feet=0,
        )
        super().__init__(spec, _FIRST_STATE, "is the arm's power on?")
        self._robot, self._armed = robot, False
        self._own_limits: OwnLimits | None = None
        self._kinematics = Kinematics(robot, urdf_of(robot, kinematics=True)) if robot.tool_frame else None

    def connect(self) -> None:
        """See `Backend.connect`: ask the servos who and how they are, and start the motor process.

        Raises:
            BackendError: The port cannot be opened, or the arm is refused; see `inspect`.
        """
        servos = servos_of(self._settings, self._robot)
        servos.open()
        try:
            inspect(servos, self._robot, self._settings)
            self._own_limits = own_limits(self._robot, servos)
        except OSError as error:
            raise BackendError(f"port {self._settings.port}: {one_line(error)}") from None
        finally:
            servos.close()
        super().connect()

    def own_limits(self) -> OwnLimits | None:
        """See `Backend.own_limits`: as the servos had them when it connected."""
        return self._own_limits

    def arm(self) -> None:
        """See `Backend.arm`: the servos hold where they are, under torque.

        Where the adapter was pulled out, it is opened anew, and the first state waited for.

        Raises:
            BackendError: There is none.
        """
        report = self.motors.report()
        lost = time.monotonic() - float(report["received"]) > self._settings.silence_limit
        last = int(report["sequence"])
        self._armed = True
        super().arm()
        deadline = time.monotonic() + _AGAIN_SECONDS
        while lost and self.motors.report()["sequence"] == last:
            if time.monotonic() > deadline:
                report = self.motors.report()
                said = report["fault"].decode() or report["complaint"].decode() or "it sends no state"
                raise BackendError(f"the arm did not come back: {said}")
            time.sleep(_LOOKS_SECONDS)

    def close(self) -> None:
        """See `Backend.close`: hold, end the motor process, then let go so slowly that the arm sinks."""
        super().close()
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

    def measured(self, report: np.void) -> dict[str, Array]:
        """See `MotorBackend.measured`."""
        position = report["position"].copy()
        measured = {
            "joint_position": position,
            "joint_velocity": report["velocity"].copy(),
            "joint_effort": report["effort"].copy(),
            "joint_temperature": report["temperature"].copy(),
        }
        if self._kinematics is not None:
            measured["tool_position"] = self._kinematics.positions(position)[-1].copy()
        return measured
