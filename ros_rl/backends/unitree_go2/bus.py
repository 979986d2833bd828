# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The motors of a Go2 over DDS: the robot publishes its state 500 times a second, whether it is commanded or not."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from ros_rl.backends.motor_process import MotorBus, MotorCommand, MotorState
from ros_rl.backends.unitree import NO_POSITION, NO_VELOCITY, TICK_UNITS, stops
from ros_rl.backends.unitree_go2.dds import LOW_COMMAND, LOW_STATE, Participant
from ros_rl.backends.unitree_go2.frames import is_sealed, seal
from ros_rl.backends.unitree_go2.types import SERVO, LowCmd
from ros_rl.robot import Robot
from ros_rl.settings.hardware.unitree import JOINTS
from ros_rl.settings.hardware.unitree_go2 import UnitreeGo2Settings

_WAITING = 8  # states; the newest count


class Go2Bus(MotorBus):
    """See `MotorBus`.

    Args:
        settings: DDS domain, network interface and limits.
        robot: Its joints, and which motors they are.
    """

    tick_units = TICK_UNITS

    def __init__(self, settings: UnitreeGo2Settings, robot: Robot) -> None:
        super().__init__(settings, robot)
        self._map = robot.joint_map("unitree_go2")
        self._motors = [JOINTS.index(name) for name in self._map.names]
        self._command = LowCmd()
        record = self._command.record
        record["head"], record["level_flag"] = (0xFE, 0xEF), 0xFF
        motors = record["motor_cmd"]
        motors["mode"], motors["q"], motors["dq"] = SERVO, NO_POSITION, NO_VELOCITY
        self._came: deque[Any] = deque()
        self._participant: Participant | None = None

    def open(self) -> None:
        """See `MotorBus.open`."""
        self._participant = member = Participant(self.settings.domain, self.settings.interface)
        self._states, self._commands = member.reader(LOW_STATE, _WAITING), member.writer(LOW_COMMAND)
        self._rivals = member.reader(LOW_COMMAND, 1, own=False)

    def receive(self) -> MotorState | None:
        """See `MotorBus.receive`."""
        if not self._came:
            self._take()
        while self._came:
            record = self._came.popleft().record
            if is_sealed(record):
                return self._state(record)
            self.reject(f"a state has a wrong checksum: {int(record['crc']):#010x}")
        return None

    def _take(self) -> None:
        try:
            self._came.extend(self._states.take(_WAITING))
        except ValueError as error:
            self.reject(str(error))

    def _state(self, record: np.ndarray) -> MotorState:
        motors, imu, turned = record["motor_state"][self._motors], record["imu_state"], self._map.turned
        return MotorState(
            int(record["tick"]),
            self._map.position_here(motors["q"].astype(np.float64)),
            turned(motors["dq"].astype(np.float64)),
            turned(motors["tau_est"].astype(np.float64)),
            motors["temperature"].astype(np.float64),
            imu["quaternion"][[1, 2, 3, 0]].astype(np.float64),
            imu["gyroscope"].astype(np.float64),
            imu["accelerometer"].astype(np.float64),
            record["foot_force"].astype(np.float64),
            self._fault(record, motors["mode"]),
        )

    def _fault(self, record: np.ndarray, modes: np.ndarray) -> str:
        if stops(record["wireless_remote"]):
            return "remote control: stop"
        if self._has_rivals():
            return f"somebody else commands the motors, too, on {LOW_COMMAND}; is the robot's motion service back?"
        charge, least = int(record["bms_state"]["soc"]), self.settings.battery_limit
        if charge < least:
            return f"the battery has {charge} % left, limit {least:g} %"
        off = np.flatnonzero(modes != SERVO)
        if not off.size:
            return ""
        return f"the motor of {self.robot.joints[off[0]]} is in mode {modes[off[0]]}, expected {SERVO}"

    def _has_rivals(self) -> bool:
        return bool(self._rivals.take(1))

    def send(self, command: MotorCommand) -> None:
        """See `MotorBus.send`."""
        record, turned = self._command.record, self._map.turned
        motors = record["motor_cmd"]
        motors["q"][self._motors] = self._map.position_there(command.position)
        motors["dq"][self._motors] = turned(command.velocity)
        motors["tau"][self._motors] = turned(command.effort)
        motors["kp"][self._motors], motors["kd"][self._motors] = command.stiffness, command.damping
        seal(record)
        self._commands.write(self._command)

    def close(self) -> None:
        """See `MotorBus.close`."""
        if self._participant is not None:
            self._participant.close()
            self._participant = None


class Go2Listener(Go2Bus):
    """The states alone, while the robot's motion service commands the motors."""

    def open(self) -> None:
        """See `MotorBus.open`."""
        self._participant = Participant(self.settings.domain, self.settings.interface)
        self._states = self._participant.reader(LOW_STATE, _WAITING)

    def _has_rivals(self) -> bool:
        return False

    def send(self, command: MotorCommand) -> None:
        """See `MotorBus.send`: nothing is."""
