# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Universal Robots arm: joint speeds by ur_rtde from a process of its own, states by RTDE; on it maybe a gripper."""

from __future__ import annotations

import importlib.util
import os
import time

import numpy as np

from ros_rl.backends.backend import EMPTY, Backend, Reading, Scenario
from ros_rl.backends.own_limits import OwnLimits
from ros_rl.backends.ur_rtde.dashboard import ask, refuse_controller
from ros_rl.backends.ur_rtde.ending import Ending
from ros_rl.backends.ur_rtde.gripper import Grip, Gripper
from ros_rl.backends.ur_rtde.link import Link, Received
from ros_rl.backends.ur_rtde.primary import ask_limits
from ros_rl.backends.ur_rtde.process import ArmProcess
from ros_rl.backends.ur_rtde.records import ArmSpec
from ros_rl.backends.ur_rtde.state import FIELDS, Converter, cannot_move, ended, plays, slowed, too_hot
from ros_rl.errors import BackendError, MissingDependencyError, beyond
from ros_rl.robot import Robot
from ros_rl.settings.hardware.ur_rtde import UrRtdeSettings, axes_of
from ros_rl.types import Array

_HANGS = 2.0  # s; the robot's watchdog bites long before
_STARTS = 0.2  # s, until the states tell of a program that has started
_BRAKES = 1.0  # s, in which the process that moves the arm lets it stand and ends the program
_COMES_LATE = 2.0  # s, within which a program starts that was sent to the robot


class UrRtdeBackend(Backend):
    """A UR without ROS. Three lines hold it, whatever hangs or ends.

    The driver's guards; the process that sends, where targets expire and which notes that the driver has ended; and the
    robot's own watchdog, which ends its program when that process falls silent.

    Args:
        robot: The robot.
        settings: Of its driver.
        period: Control period [s].
        scenario: Of no use to a real robot.

    Raises:
        MissingDependencyError: ur_rtde is not installed.
    """

    def __init__(self, robot: Robot, settings: UrRtdeSettings, period: float, scenario: Scenario = EMPTY) -> None:
        if importlib.util.find_spec("rtde_control") is None:
            raise MissingDependencyError("ur-rtde", "ur")
        self._robot, self._settings = robot, settings
        self._joints = robot.joint_map("ur_rtde")
        self._converter = Converter(self._joints, robot.sensors, settings.base_yaw)
        self._axes = axes_of(robot)
        self._hottest = min(robot.safety.temperature, settings.temperature_limit)
        acceleration = float(np.min(robot.limits.acceleration[: self._axes]))
        spec = ArmSpec(settings, self._axes, os.getpid(), robot.command_ramp * period, acceleration)
        self.arm_process = ArmProcess(spec, _HANGS)
        """What moves the arm."""
        self._link: Link | None = None
        self._gripper: Gripper | None = None
        self._written: Array | None = None
        self._ending = Ending(self._stop_program, lambda: self._connected().newest)
        self._runs = False  # whether a program of ours runs, is being started, or may go on

    def connect(self) -> None:
        """See `Backend.connect`: nothing but states is asked for.

        Raises:
            BackendError: It does not answer, is not in remote control, cannot move, or runs a program already; or its
                gripper does not answer, or cannot move.
        """
        settings = self._settings
        refuse_controller(settings.address, settings.rate_hz, settings.connect_timeout, settings.remote_control)
        link = Link(settings.address, FIELDS, settings.rate_hz, settings.connect_timeout)
        state = link.open().state
        problem = cannot_move(state) or slowed(state, settings.speed_scaling)
        problem = problem or too_hot(state, self._hottest, self._robot.joints)
        if not problem and plays(state):
            problem = "the robot runs a program already; stop it on the pendant"
        if problem:
            link.close()
            raise BackendError(problem)
        try:
            self._gripper = self._opened_gripper()
        except BackendError:
            link.close()
            raise
        self._link = link

    def own_limits(self) -> OwnLimits:
        """See `Backend.own_limits`: those of the controller's configuration; a gripper tells none.

        Raises:
            BackendError: It tells none, or some that cannot be.
        """
        told = ask_limits(self._settings.address, self._settings.connect_timeout)
        lower, upper, velocity = np.full((3, self._robot.size), [[-np.inf], [np.inf], [np.inf]])
        lower[: self._axes], upper[: self._axes], velocity[: self._axes] = told.lower, told.upper, told.velocity
        return OwnLimits.of("its controller's configuration", self._joints, lower, upper, velocity)

    def arm(self) -> None:
        """See `Backend.arm`: ur_rtde's program starts on the robot, at rest; anew after a fault."""
        self._connected().fault = ""
        self._ending.leave()
        self._runs = True
        self.arm_process.arm()
        if self._gripper is not None:
            self._gripper.switch(True)

    @property
    def pending(self) -> str:
        """See `Backend.pending`: until states show its program, and the gripper takes positions."""
        link, armed = self._connected(), self.arm_process.armed_since
        if not armed:
            return "ur_rtde's program to start on the robot"
        if not plays(link.newest.state) and link.newest.measured < armed + _STARTS:
            return "the robot's states to show its program"
        return "" if self._gripper is None else self._gripper.pending

    def disarm(self) -> None:
        """See `Backend.disarm`: the arm stands still, the program ends, robot and gripper hold themselves."""
        if not self._cancelled() and self._runs:
            self._runs = False
            self._ending.begin(_BRAKES, 0.0)
        self.arm_process.rest()
        if self._gripper is not None:
            self._gripper.switch(False)

    def write(self, command: Array, until: float) -> None:
        """See `Backend.write`.

        Raises:
            BackendError: It is not finite or has the wrong size, or nothing is connected.
        """
        self._connected()
        if command.shape != (self._robot.size,) or not np.isfinite(command).all():
            raise BackendError(f"command {command} is not {self._robot.size} finite values")
        self._written = command
        self.arm_process.follow(self._joints.turned(command)[: self._axes], until)
        if self._gripper is not None:
            self._gripper.go(float(command[-1]), until)

    def read(self) -> Reading:
        """See `Backend.read`.

        Raises:
            BackendError: It is not connected.
        """
        link = self._connected()
        newest = link.newest
        age = max(0.0, time.monotonic() - newest.measured)
        grip = None if self._gripper is None else self._gripper.found
        measurement = self._converter.measurement(newest.state, grip)
        stamp = float(newest.state["timestamp"][0])
        health = self._health(link, newest, age)
        if health and self._runs and not self._cancelled():
            self._end_program()
        return Reading(measurement, age, newest.number, health, stamp, self._applied(grip))

    def safe(self) -> None:
        """See `Backend.safe`: stand still; a gripper stays where it was sent, since what it drops falls."""
        if self._link is not None and not self._cancelled():
            self.arm_process.stand()
        if self._gripper is not None:
            self._gripper.hold()

    def close(self) -> None:
        """See `Backend.close`."""
        if self._link is not None:
            self.disarm()
        self.arm_process.close()
        self._ending.finish(_BRAKES + _COMES_LATE + self._settings.connect_timeout)
        gripper, self._gripper = self._gripper, None
        if gripper is not None:
            gripper.close()
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _cancelled(self) -> bool:
        """Break an arming off that is under way; says whether one was."""
        cancelled = self.arm_process.cancel()
        if cancelled:
            self._end_program()
        return cancelled

    def _end_program(self) -> None:
        self._runs = False
        self._ending.begin(0.0, _COMES_LATE)

    def _stop_program(self) -> None:
        ask(self._settings.address, ("stop",), self._settings.connect_timeout)

    def _applied(self, grip: Grip | None) -> Array | None:
        """What acted, where there is a gripper: of it what it had been told its latency before."""
        if grip is None or grip.told is None or self._written is None:
            return None
        return np.append(self._written[:-1], grip.told)

    def _opened_gripper(self) -> Gripper | None:
        if self._axes == self._robot.size or self._robot.gripper is None:
            return None
        gripper = Gripper(self._settings.address, self._settings.gripper, self._robot.gripper)
        gripper.open()
        return gripper

    def _connected(self) -> Link:
        if self._link is None:
            raise BackendError("the robot is not connected")
        return self._link

    def _health(self, link: Link, newest: Received, age: float) -> str:
        settings = self._settings
        if link.lost or link.fault:
            return link.lost or link.fault
        limit = settings.silence_limit
        if age > limit:
            return f"the robot has sent no state for {beyond(age, limit, 3)} s, limit {limit:g} s"
        gripper = "" if self._gripper is None else self._gripper.problem
        hot = too_hot(newest.state, self._hottest, self._robot.joints)
        problem = cannot_move(newest.state) or self.arm_process.problem() or gripper or hot
        armed = self.arm_process.armed_since
        if problem or not armed or newest.measured < armed + _STARTS:
            return problem
        return slowed(newest.state, settings.speed_scaling) or ended(newest.state)
