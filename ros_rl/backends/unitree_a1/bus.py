# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The motors of an A1 over UDP: the robot answers each command with its state."""

from __future__ import annotations

import socket

import numpy as np

from ros_rl.backends.motor_process import MotorBus, MotorCommand, MotorState
from ros_rl.backends.unitree import NO_POSITION, NO_VELOCITY, TICK_UNITS, stops
from ros_rl.backends.unitree_a1 import wire
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.unitree import JOINTS
from ros_rl.settings.hardware.unitree_a1 import UnitreeA1Settings
from ros_rl.types import Array

_MOST = 64  # datagrams looked at for one state; a flood must not stop the loop
_LARGEST = 2048
_VECTORS = ("gyroscope", "accelerometer", "foot_force")
_XYZW = np.array([1, 2, 3, 0])


class A1Bus(MotorBus):
    """See `MotorBus`.

    Args:
        settings: Addresses and ports.
        robot: Its joints, and which motors they are.
    """

    tick_units = TICK_UNITS

    def __init__(self, settings: UnitreeA1Settings, robot: Robot) -> None:
        super().__init__(settings, robot)
        self._map = robot.joint_map("unitree_a1")
        self._motors = [JOINTS.index(name) for name in self._map.names]
        self._command = np.zeros(1, wire.COMMAND)
        self._command["level"] = wire.LOW_LEVEL
        motors = self._command["motors"][0]
        motors["mode"], motors["position"], motors["velocity"] = wire.SERVO, NO_POSITION, NO_VELOCITY
        self._orders = {name: motors[name] for name in wire.MOTOR_COMMAND.names or ()}  # to look them up costs more
        self._sent: dict[str, Array] = {}
        self._arrived = np.zeros(1, wire.STATE)
        self._bytes = self._arrived.view(np.uint8)
        self._fields = {name: self._arrived[name][0] for name in ("orientation", *_VECTORS)}
        motors = self._arrived["motors"][0]
        self._reports = {name: motors[name] for name in wire.MOTOR_STATE.names or ()}
        self._on = bytes([wire.SERVO]) * robot.size
        self._socket: socket.socket | None = None
        self._robot_at = ("", 0)

    def open(self) -> None:
        """See `MotorBus.open`."""
        settings = self.settings
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._robot_at = socket.gethostbyname(settings.address), settings.port
            self._socket.bind((settings.local_address, settings.local_port))
        except OSError as error:
            self.close()
            own = f" of {settings.local_address}" * bool(settings.local_address)
            raise BackendError(
                f"cannot talk to the A1 at {settings.address}:{settings.port} from port {settings.local_port}{own}: "
                f"{error.strerror or error}"
            ) from None

    def receive(self) -> MotorState | None:
        """See `MotorBus.receive`."""
        assert self._socket is not None
        for _ in range(_MOST):
            try:
                datagram, sender = self._socket.recvfrom(_LARGEST)
            except BlockingIOError:
                return None
            except OSError as error:  # such as what an earlier send met
                self.reject(str(error))
                continue
            if sender != self._robot_at:
                self.reject(f"a datagram comes from {sender[0]}:{sender[1]}, the robot is at {self._shown()}")
                continue
            wrong = wire.problem(datagram, wire.STATE)
            if not wrong:
                self._bytes[:] = np.frombuffer(datagram, np.uint8)
                return self._state()
            self.reject(wrong)
        return None

    def _shown(self) -> str:
        return f"{self._robot_at[0]}:{self._robot_at[1]}"

    def _state(self) -> MotorState:
        fields, reports, motors, turned = self._fields, self._reports, self._motors, self._map.turned
        gyroscope, accelerometer, foot_force = (fields[name].astype(np.float64) for name in _VECTORS)
        return MotorState(
            int(self._arrived["tick"][0]),
            self._map.position_here(reports["position"].take(motors)),
            turned(reports["velocity"].take(motors)),
            turned(reports["effort"].take(motors) * wire.EFFORT_STEP),
            reports["temperature"].take(motors).astype(np.float64),
            fields["orientation"].take(_XYZW).astype(np.float64),
            gyroscope,
            accelerometer,
            foot_force,
            self._fault(),
        )

    def _fault(self) -> str:
        if stops(self._arrived["remote"][0]):
            return "remote control: stop"
        modes = self._reports["mode"].take(self._motors)
        if modes.tobytes() == self._on:
            return ""
        off = np.flatnonzero(modes != wire.SERVO)
        return f"the motor of {self.robot.joints[off[0]]} is in mode {modes[off[0]]}, expected {wire.SERVO}"

    def send(self, command: MotorCommand) -> None:
        """See `MotorBus.send`."""
        assert self._socket is not None
        turned = self._map.turned
        self._orders["position"][self._motors] = self._map.position_there(command.position)
        if self._is_new("velocity", command.velocity):
            self._orders["velocity"][self._motors] = turned(command.velocity)
        if self._is_new("effort", command.effort):
            self._orders["effort"][self._motors] = wire.to_fixed(turned(command.effort), wire.EFFORT_STEP)
        if self._is_new("stiffness", command.stiffness):
            self._orders["stiffness"][self._motors] = wire.to_fixed(command.stiffness, wire.STIFFNESS_STEP)
        if self._is_new("damping", command.damping):
            self._orders["damping"][self._motors] = wire.to_fixed(command.damping, wire.DAMPING_STEP)
        self._socket.sendto(wire.encode(self._command[0]), self._robot_at)

    def _is_new(self, name: str, values: Array) -> bool:
        """Whether it is another array than was sent last; see `MotorCommand`."""
        before = self._sent.get(name)
        self._sent[name] = values
        return values is not before

    def close(self) -> None:
        """See `MotorBus.close`."""
        if self._socket is not None:
            self._socket.close()
