# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver of robots that ros2_control moves, on top of its two sides: the link in, and the command node out."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from ros_rl.backends.backend import Backend, Reading
from ros_rl.backends.own_limits import OwnLimits
from ros_rl.backends.ros2_control.command_process import CommandProcess
from ros_rl.backends.ros2_control.description import limits_of
from ros_rl.backends.ros2_control.following import Following
from ros_rl.backends.ros2_control.joint_order import joint_order
from ros_rl.backends.ros2_control.joint_states import JointStates, State
from ros_rl.backends.ros2_control.link import Link
from ros_rl.backends.ros2_control.recovery import Recovery
from ros_rl.backends.ros2_control.status import Status
from ros_rl.errors import BackendError, beyond
from ros_rl.robot import POSITION, Robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.settings.hardware.ros2_control import Ros2ControlSettings
from ros_rl.types import Array, Measurement

_SETTLES = 2.0  # s
NAME = "ros2_control"
"""Of the driver, also as the key under ``hardware`` in a robot's file."""


class Ros2ControlBackend(Backend):
    """A robot behind a forward command controller.

    Args:
        robot: The robot.
        settings: Of this driver.
        link: The ROS side.
        commands: The command node's process.
        states: Filled by the link.
        status: Filled by the link.
    """

    def __init__(
        self,
        robot: Robot,
        settings: Ros2ControlSettings,
        link: Link,
        commands: CommandProcess,
        states: JointStates,
        status: Status,
    ) -> None:
        self._robot, self._settings = robot, settings
        self._link, self.commands, self._states, self._status = link, commands, states, status
        self.recovery = Recovery(link, status, settings.restart)
        """Restarts the robot's program."""
        self._map = robot.joint_map(NAME)
        self._holds = robot.interfaces[0] == POSITION
        self._following = Following(self._holds, settings.controller_of(robot))
        self._order: NDArray[np.intp] = np.arange(robot.size)
        self._fails = self._recovers = False
        self._recovered = 0.0  # when its recovery was found to be over [s, steady clock]
        self._refused = ""  # why it could not be armed after its recovery
        self._kinematics: Kinematics | None = None
        if "tool_position" in robot.sensors:
            self._kinematics = Kinematics(robot, urdf_of(robot, kinematics=True))

    def connect(self) -> None:
        """See `Backend.connect`: find the controller, compare its joints, start the command node.

        Raises:
            BackendError: The controller or the joint states are not there, or its joints are others.
        """
        try:
            self._link.open()
            told, asked = self._link.controller_joints(), self._settings.joints or ()
            self._order = joint_order(self._map.names, told, asked, self._robot.name)
            self.commands.start()
            self._link.be_alone()
            self._states.problem()  # what was late while processes started is over
        except BaseException:
            self.close()
            raise

    def own_limits(self) -> OwnLimits | None:
        """See `Backend.own_limits`: those of the robot description.

        Raises:
            BackendError: It cannot be read.
        """
        description = self._link.description()
        return limits_of(description, self._map) if description else None

    def arm(self) -> None:
        """See `Backend.arm`: the stop is sent until the first target.

        A robot whose program does not run is recovered first, in a thread of its own.

        Raises:
            BackendError: The robot, its controller or the command node is not fit to move.
        """
        self._refused = ""
        if self._stopped and not self._status.for_person and self._settings.restart != "none":
            self._recovers, self._recovered = True, 0.0
            self.recovery.begin()
        else:
            self._start()

    @property
    def pending(self) -> str:
        """See `Backend.pending`."""
        return f"the robot's program to run again: {self.recovery.says}" if self._recovers else ""

    @property
    def _stopped(self) -> str:
        return self._status.stopped if self._settings.status != "none" else ""

    def _start(self) -> None:
        if self._stopped:
            by_hand = "mend that at the robot, then clear the fault and arm again"
            raise BackendError(f"{self._stopped}: {self.recovery.says if self._recovers else by_hand}")
        wrong = self._states.problem()
        if wrong:
            self._states.forget()
            raise BackendError(f"{wrong}; clear the fault and arm again once that is over")
        state = self._newest()
        now = time.monotonic()
        problem = self._status.problem(now) or self._silent(now - state.received) or self._link.problem
        if problem:
            raise BackendError(problem)
        self.commands.arm(self._map.position_there(state.position)[self._order])
        self._fails = False
        self._link.stop_itself(None)

    def disarm(self) -> None:
        """See `Backend.disarm`: the stop for a while, then nothing is sent."""
        self._break_off()
        self._following.aim(None)
        if not self.commands.rest():
            self._stop_by_link()

    def write(self, command: Array, until: float) -> None:
        """See `Backend.write`.

        Raises:
            BackendError: It is not finite or has the wrong size, or the command node does not take it.
        """
        if command.shape != (self._robot.size,) or not np.isfinite(command).all():
            raise BackendError(f"command {command} is not {self._robot.size} finite numbers")
        there = self._map.position_there(command) if self._holds else self._map.turned(command)
        self.commands.follow(there[self._order], until)
        self._following.aim(command)

    def read(self) -> Reading:
        """See `Backend.read`.

        Raises:
            BackendError: It is not connected.
        """
        if self._recovers and not self.recovery.runs:
            self._start_recovered()
        state = self._newest()
        age = time.monotonic() - state.received
        measured = {"joint_position": state.position, "joint_velocity": state.velocity, "joint_effort": state.effort}
        if self._kinematics is not None:
            measured["tool_position"] = self._kinematics.positions(state.position)[-1]
        measurement = Measurement({name: measured[name] for name in self._robot.sensors})
        return Reading(measurement, age, state.sequence, self._health(state, age), state.stamp or None)

    def safe(self) -> None:
        """See `Backend.safe`: zero velocity, or hold; by the link itself where the command node fails."""
        self._break_off()
        self._following.aim(None)
        if not self.commands.stop() or self._fails:
            self._stop_by_link()

    def close(self) -> None:
        """See `Backend.close`."""
        self.recovery.close()
        self.commands.close()
        self._link.close()

    def _health(self, state: State, age: float) -> str:
        now, failed = time.monotonic(), self.commands.problem
        self._fails = self._fails or "command node" in failed
        wrong = self._states.problem()
        told = self._link.problem if self._recovers else self._status.problem(now) or self._link.problem
        return self._refused or failed or wrong or told or self._silent(age) or self._following.problem(state, now)

    def _start_recovered(self) -> None:
        """Arm it now that its program runs again, if it does; speed scaling, say, takes a moment to come back."""
        now = time.monotonic()
        self._recovered = self._recovered or now
        try:
            self._start()
        except BackendError as error:
            if now - self._recovered < _SETTLES:
                return
            self._refused = str(error)
        self._recovers = False

    def _break_off(self) -> None:
        """Recover no more; nothing starts afterwards, also where another thread is just beginning it."""
        self._recovers = False
        self.recovery.cancel()

    def _newest(self) -> State:
        if self._states.newest is None:
            raise BackendError("the robot has sent no joint states")
        return self._states.newest

    def _silent(self, age: float) -> str:
        limit = self._settings.silence_limit
        return f"no joint states for {beyond(age, limit, 3)} s, limit {limit:g} s" if age > limit else ""

    def _stop_by_link(self) -> None:
        state = self._states.newest
        if state is not None:
            still = self._map.position_there(state.position) if self._holds else np.zeros(self._robot.size)
            self._link.stop_itself(still[self._order])
