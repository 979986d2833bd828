# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An SO-101 at its serial bus: six servos behind a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import tempfile
import time
import tty
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from ros_rl.backends.so101.registers import GOAL_POSITION, TORQUE_ENABLE
from ros_rl.robot import load_robot
from ros_rl.settings.hardware.so101 import So101Settings
from ros_rl.stand_ins.body import Body
from ros_rl.stand_ins.pace import Pace
from ros_rl.stand_ins.so101.faults import FAULTS, Faults
from ros_rl.stand_ins.so101.packets import (
    BROADCAST,
    PING,
    READ,
    SYNC_READ,
    SYNC_WRITE,
    WRITE,
    Listener,
    Request,
    reply,
)
from ros_rl.stand_ins.so101.servo import Servo
from ros_rl.stand_ins.stand_in import StandIn
from ros_rl.types import Array

FOLDED = np.array([0.0, -1.7, 1.2, 1.1, 0.0, 0.0])
"""Joint positions at first: folded, leaning on its own stops [rad]."""
_RATE_HZ = 250.0
_OFFSETS = (-37, 512, -860, 140, 1021, -300)  # homing offsets of a calibrated arm [counts]


class Written(NamedTuple):
    """Something that a driver wrote into servos' memory."""

    address: int
    values: dict[int, bytes]
    """By the servos' ids."""


class So101StandIn(StandIn):
    """An arm that lies folded on a table, its torque off.

    Args:
        start: Joint positions at first [rad], shape (6,).
    """

    robot: ClassVar[str] = "so101"
    faults: ClassVar[dict[str, str]] = FAULTS

    def __init__(self, start: Array = FOLDED) -> None:
        super().__init__()
        robot = load_robot(self.robot)
        self.joints = robot.joint_map("so101")
        """How the robot's joints are turned there."""
        self.body = Body(replace(robot, home=start), "effort", _RATE_HZ, scene="table")
        """What it moves."""
        span = robot.limits.upper - robot.limits.lower
        span[robot.joints.index("wrist_roll")] = 2.0 * np.pi  # which LeRobot's calibration lets turn all the way
        self.servos = {
            int(name): Servo(int(name), span[index], _OFFSETS[index], gain, damping, So101Settings().stall_torque)
            for index, (name, gain, damping) in enumerate(
                zip(self.joints.names, robot.stiffness, robot.damping, strict=True)
            )
        }
        """By their ids."""
        self._faults = Faults(self)
        self._listener = Listener()
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._master = self._slave = -1
        self._folder = tempfile.TemporaryDirectory(prefix="ros_rl_so101_")
        self._step()

    @property
    def address(self) -> str:
        """See `StandIn.address`."""
        return str(Path(self._folder.name) / "ttyACM0")

    @property
    def place(self) -> Array:
        """See `StandIn.place`."""
        return self.body.measurement["tool_position"]

    def start(self) -> None:
        """See `StandIn.start`."""
        self._plug()
        self._begin(self._live)

    def close(self) -> None:
        """See `StandIn.close`."""
        self._end()
        self._unplug()
        self._folder.cleanup()
        self.body.close()

    def describe(self) -> str:
        """See `StandIn.describe`."""
        position = np.array2string(self.position, precision=2, suppress_small=True, floatmode="fixed")
        on = sum(servo.memory.get(TORQUE_ENABLE) for servo in self.servos.values())
        return f"joints {position} rad, torque on in {on} of {len(self.servos)}, {len(self.received)} writes so far"

    @property
    def position(self) -> Array:
        """Where the joints are [rad], shape (6,)."""
        position: Array = self.body.measurement["joint_position"]
        return position

    @property
    def torque(self) -> list[bool]:
        """Which servos hold."""
        return [bool(servo.memory.get(TORQUE_ENABLE)) for servo in self.servos.values()]

    def goals_since(self, moment: float) -> list[tuple[float, dict[int, int]]]:
        """Goals that drivers sent from a moment on: when [s, steady clock], and what [counts], by the servos' ids.

        Args:
            moment: Steady clock [s].
        """
        goals = []
        for item in self.since(moment):
            skip = GOAL_POSITION.address - item.what.address
            size = GOAL_POSITION.size
            if 0 <= skip and all(len(data) >= skip + size for data in item.what.values.values()):
                counts = {s: GOAL_POSITION.decode(d[skip : skip + size]) for s, d in item.what.values.items()}
                goals.append((item.time, counts))
        return goals

    def _live(self) -> None:
        pace = Pace(self.body.period)
        while not self._ended.is_set():
            for _ in pace.steps():
                self._step()
            if self.plays("unplugged"):
                self._unplug()
            elif self._master < 0:
                self._plug()
            self._serve(pace.left)

    def _step(self) -> None:
        measured, joints = self.body.measurement, self.joints
        there = joints.position_there(measured["joint_position"])
        velocity = joints.turned(measured["joint_velocity"])
        self._faults.before_step()
        torques = [
            servo.step(self.body.period, position, speed)
            for servo, position, speed in zip(self.servos.values(), there, velocity, strict=True)
        ]
        self._faults.after_step()
        self.body.step(joints.turned(np.array(torques)))

    def _serve(self, seconds: float) -> None:
        if self._master < 0:
            self._ended.wait(seconds)
            return
        if self._waiting:
            seconds = min(seconds, max(self._waiting[0][0] - time.monotonic(), 0.0))
        if select.select([self._master], [], [], seconds)[0]:
            heard = os.read(self._master, 4096)
            if self.plays("echo"):
                self._say([heard])
            for request in self._listener.hear(heard):
                self._say(self._faults.of_replies(self._obey(request)))
        self._say_what_waited()

    def _obey(self, request: Request) -> list[bytes]:
        """Do what is asked; gives the replies."""
        parameters = request.parameters
        if request.instruction == SYNC_WRITE:
            self._write_all(parameters)
            return []
        if request.instruction == SYNC_READ:
            return [self._answer(number, READ, parameters[:2]) for number in parameters[2:] if self._hears(number)]
        hearing = self.servos if request.servo == BROADCAST else [request.servo]
        answers = [self._answer(number, request.instruction, parameters) for number in hearing if self._hears(number)]
        return answers if request.servo != BROADCAST or request.instruction == PING else []

    def _hears(self, number: int) -> bool:
        return number in self.servos and self._faults.answers(number)

    def _answer(self, number: int, instruction: int, parameters: bytes) -> bytes:
        servo, error = self.servos[number], self._faults.error(number)
        if instruction == READ:
            begin, size = parameters
            data = bytes(self._faults.memory(servo)[begin : begin + size])
            return reply(self._faults.called(number), error, data)
        if instruction == WRITE:
            self.note(Written(parameters[0], {number: parameters[1:]}))
            servo.write(parameters[0], parameters[1:])
        return reply(self._faults.called(number), error)

    def _write_all(self, parameters: bytes) -> None:
        address, size = parameters[0], parameters[1]
        rows = [parameters[at : at + 1 + size] for at in range(2, len(parameters), 1 + size)]
        self.note(Written(address, {row[0]: row[1:] for row in rows}))
        for row in rows:
            if self._hears(row[0]):
                self.servos[row[0]].write(address, row[1:])

    def _say(self, pieces: list[bytes]) -> None:
        due = time.monotonic()
        for piece in pieces:
            due += self._faults.delay()
            self._waiting.append((due, piece))

    def _say_what_waited(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            try:
                os.write(self._master, self._waiting.popleft()[1])
            except BlockingIOError:
                pass  # nobody reads

    def _plug(self) -> None:
        """A pseudo-terminal, whatever its name, behind the same link."""
        self._master, self._slave = pty.openpty()  # its own end stays open, so that drivers may come and go
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        Path(self.address).symlink_to(os.ttyname(self._slave))

    def _unplug(self) -> None:
        Path(self.address).unlink(missing_ok=True)
        for end in (self._master, self._slave):
            if end >= 0:
                os.close(end)
        self._master = self._slave = -1
