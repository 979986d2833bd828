# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A UFACTORY xArm as a backend."""

from __future__ import annotations

import time

import numpy as np

from ros_rl.backends.backend import EMPTY, Backend, Reading, Scenario
from ros_rl.backends.own_limits import OwnLimits
from ros_rl.backends.xarm.arm import VELOCITY_MODE, Arm
from ros_rl.backends.xarm.gripper import PULSES, Gripper
from ros_rl.backends.xarm.hand import Hand
from ros_rl.backends.xarm.limits import ask_limits
from ros_rl.backends.xarm.report import PERIOD, Report, Reports, slope
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.rotations import from_rotation_vector, multiply
from ros_rl.settings.hardware.xarm import XarmSettings, axes_of
from ros_rl.types import Array, Measurement

_METRES = 1e-3  # per millimetre
_LAST_ABLE = 2  # state; from 3 on the control box does not move the arm
_STATES = {3: "paused the arm", 4: "stopped the arm", 5: "stopped, since its mode was changed"}
_SETTLED = 0.1  # s, after which reports tell of the arm as it was switched on


class XarmBackend(Backend):
    """An arm of 5, 6 or 7 joints that takes joint velocities, and a gripper, if its file has one, that takes positions.

    Three things stop it: a thread of this process, by a velocity of zero when a target expires; the firmware, whose
    velocities last as long as the target and no longer; the control box's own limits and collision detection.

    Args:
        robot: Whose joints they are.
        settings: Where it is.
        period: Control period [s].
        scenario: What is around it is real.
    """

    def __init__(self, robot: Robot, settings: XarmSettings, period: float, scenario: Scenario = EMPTY) -> None:
        self._robot, self._settings = robot, settings
        self._joints = robot.joint_map("xarm")
        self._axes = axes_of(robot)
        self._arm = Arm(settings, self._axes)
        self._ramp = robot.command_ramp * period
        self._gripper = Gripper(self._arm, self._ramp) if self._axes < robot.size else None
        kept = 2 + round(settings.velocity_window / PERIOD)
        self._reports = Reports(settings.address, settings.report_port, kept, self._watch)
        self._hand: Hand | None = None
        self._written: Array | None = None
        self._period, self._seen = period, -np.inf

    def connect(self) -> None:
        """See `Backend.connect`.

        Raises:
            BackendError: Nobody answers, it is another arm, its firmware is too old, or no reports come.
        """
        self._arm.connect()
        try:
            if self._gripper is not None:
                self._gripper.tend(ready=False)
            self._reports.start(self._settings.connect_time)
        except BackendError:
            self.close()
            raise
        self._hand = Hand(self._arm, self._axes, self._gripper, self._ramp)

    def own_limits(self) -> OwnLimits:
        """See `Backend.own_limits`: asked for the ends of each joint's range; of speeds the box tells nothing.

        Raises:
            BackendError: It does not answer.
        """
        return ask_limits(self._robot, self._axes, self._arm.is_out)

    def arm(self) -> None:
        """See `Backend.arm`: errors are cleared, motors switched on, in a thread of its own; nothing moves."""
        self._connected.switch(True)

    @property
    def pending(self) -> str:
        """See `Backend.pending`."""
        return "" if self._connected.ready else "the control box to switch its motors on"

    def disarm(self) -> None:
        """See `Backend.disarm`: the brakes hold it."""
        self._connected.switch(False)

    def write(self, command: Array, until: float) -> None:
        """See `Backend.write`.

        Raises:
            BackendError: It is not finite, or has not one value for each joint.
        """
        if command.shape != (self._robot.size,) or not np.isfinite(command).all():
            raise BackendError(f"a command of {self._robot.size} finite values is wanted, not {command}")
        if self._gripper is not None:
            self._gripper.go(float(PULSES * self._joints.position_there(command)[-1]), self._begun)
        self._written = command
        self._connected.move(self._joints.turned(command)[: self._axes], until, self._begun)

    def read(self) -> Reading:
        """See `Backend.read`."""
        reports, count, problem = self._reports.newest()
        if not reports:
            raise BackendError(problem or "the control box has reported nothing")
        newest = reports[-1]
        age, self._seen = time.monotonic() - newest.time, newest.time
        return Reading(self._measurement(reports), age, count, self._health(newest, problem), applied=self._applied())

    def safe(self) -> None:
        """See `Backend.safe`: zero velocity; motors that are just being switched on are switched off."""
        if self._hand is not None:
            self._hand.stop()

    def close(self) -> None:
        """See `Backend.close`."""
        hand, self._hand = self._hand, None
        if hand is not None:
            hand.close()
        self._reports.close()
        self._arm.close()

    @property
    def _connected(self) -> Hand:
        if self._hand is None:
            raise BackendError("the arm is not connected")
        return self._hand

    @property
    def _begun(self) -> float:
        """When what is written now was to begin: as the arm was seen of which it was decided [s, steady clock].

        So neither the way to the decision and back nor the report's age adds up in what the arm goes too far.
        """
        return max(self._seen, time.monotonic() - self._period / 2.0)

    def _measurement(self, reports: list[Report]) -> Measurement:
        size, joints, newest = self._axes, self._joints, reports[-1]
        times, window = [report.time for report in reports], self._settings.velocity_window
        speed = slope(times, [report.position for report in reports], window)[:size]
        tool_speed = slope(times, [report.pose[:3] for report in reports], window)
        measured = {
            "joint_position": joints.position_here(np.append(newest.position[:size], self._grip(0))),
            "joint_velocity": joints.turned(np.append(speed, self._grip(1))),
            "joint_effort": joints.turned(np.append(newest.effort[:size], 0.0 * self._grip(0))),
            "tool_position": _METRES * newest.pose[:3],
            "tool_orientation": orientation(newest.pose[3:]),
            "tool_velocity": _METRES * tool_speed,
        }
        return Measurement({name: value for name, value in measured.items() if name in self._robot.sensors})

    def _applied(self) -> Array | None:
        """What acted: of the gripper what it was sent when it was measured, for it is told seldom."""
        told = None if self._gripper is None else self._gripper.found.told
        if told is None or self._written is None:
            return None
        there = np.full(self._robot.size, told / PULSES)
        return np.append(self._written[:-1], self._joints.position_here(there)[-1])

    def _grip(self, which: int) -> Array:
        """Position (0) or velocity (1) of the gripper there [rad, rad/s], shape (1,); (0,) without one."""
        return np.zeros(0) if self._gripper is None else np.array([self._gripper.found[:2][which] / PULSES])

    def _watch(self, report: Report) -> None:
        """Look at each report, as soon as it is there."""
        hand = self._hand
        if hand is None or report.time <= hand.ready_since + _SETTLED:
            return
        if report.state > _LAST_ABLE:
            hand.fail(f"the control box has {_STATES.get(report.state, 'left its work')}")
        elif report.mode != VELOCITY_MODE:
            hand.fail("the control box takes no joint velocities any more; does another program command it?")

    def _health(self, newest: Report, problem: str) -> str:
        health = self._connected.health
        return f"{health} (it reports state {newest.state}, mode {newest.mode})" if health else problem


def orientation(angles: Array) -> Array:
    """Unit quaternion xyzw of rotations [rad] about the fixed x, y and z axes, in this order."""
    roll, pitch, yaw = (from_rotation_vector(axis * angle) for axis, angle in zip(np.eye(3), angles, strict=True))
    return multiply(multiply(yaw, pitch), roll)
