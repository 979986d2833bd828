# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The last hop before the joints: a filter for commands and guards on the state. Numpy only; time is passed in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ros_rl.errors import CommandError
from ros_rl.robot import EFFORT, POSITION, VELOCITY, Robot
from ros_rl.sensors.table import check_measurement
from ros_rl.types import Array, Measurement


@dataclass(frozen=True)
class Filtered:
    """A command that may go to the joints.

    Attributes:
        value: Joint targets, shape (joints,).
        limited: Names of the joints whose target was changed.
    """

    value: Array
    limited: tuple[str, ...]


class CommandFilter:
    """Clamps commands to position, velocity, acceleration, effort and step limits, each joint as it is commanded.

    A velocity command is also kept so low that the joint can stop before its position limit without braking harder
    than its acceleration limit. What an effort does to a position nobody knows here: the guards see to its limits.

    Args:
        robot: Whose limits hold.
        period: Control period [s].
    """

    def __init__(self, robot: Robot, period: float) -> None:
        self._robot, self._period = robot, period
        kinds = {POSITION: self._limit_position, VELOCITY: self._limit_velocity, EFFORT: self._limit_effort}
        self._limiters = [
            (robot.commanded_by(kind), limit) for kind, limit in kinds.items() if kind in robot.interfaces
        ]
        self.reset()

    def reset(self, command: Array | None = None) -> None:
        """Start anew from a command at rest; without one, from the neutral command."""
        self._last = self._robot.neutral_command if command is None else np.array(command)
        self._last_rate = np.zeros(self._robot.size)

    def __call__(self, command: Array, position: Array | None = None) -> Filtered:
        """Clamp a command.

        Args:
            command: What was asked for.
            position: Joint positions when it will begin to act (`expected_position`), shape (joints,); velocity
                commands need it to stop at position limits, which None leaves to the guards.

        Raises:
            CommandError: It has the wrong size or a value that is not finite; the filter's state stays as it was.
        """
        robot = self._robot
        wanted = np.asarray(command, dtype=np.float64)
        if wanted.shape != (robot.size,):
            raise CommandError(f"command has shape {wanted.shape}, {robot.name} expects ({robot.size},)")
        bad = [joint for joint, value in zip(robot.joints, wanted, strict=True) if not np.isfinite(value)]
        if bad:
            raise CommandError(f"command is not finite at {', '.join(bad)}: {wanted}")
        value = wanted.copy()
        for joints, limit in self._limiters:
            value[joints] = limit(wanted, position)[joints]
        changed = np.abs(value - wanted) > 1e-9
        self._last = value
        return Filtered(value, tuple(joint for joint, flag in zip(robot.joints, changed, strict=True) if flag))

    def _limit_position(self, wanted: Array, position: Array | None) -> Array:
        limits, period = self._robot.limits, self._period
        value = np.clip(wanted, limits.lower, limits.upper)
        rate = (value - self._last) / period
        fastest = np.minimum(limits.velocity, self._robot.safety.step / period)
        rate = np.clip(rate, -fastest, fastest)
        most = limits.acceleration * period
        rate = np.clip(rate, self._last_rate - most, self._last_rate + most)
        # the acceleration limit may carry past the position limit: that limit wins
        value = np.clip(self._last + rate * period, limits.lower, limits.upper)
        self._last_rate = (value - self._last) / period
        return value

    def _limit_velocity(self, wanted: Array, position: Array | None) -> Array:
        limits = self._robot.limits
        value = np.clip(wanted, -limits.velocity, limits.velocity)
        if position is not None:
            up = self._stoppable(limits.upper - position, self._last)
            down = self._stoppable(position - limits.lower, -self._last)
            value = np.clip(value, -down, up)
        most = np.minimum(limits.acceleration * self._period, self._robot.safety.step)
        return np.clip(value, self._last - most, self._last + most)

    def _limit_effort(self, wanted: Array, position: Array | None) -> Array:
        effort, step = self._robot.limits.effort, self._robot.safety.step
        return np.clip(np.clip(wanted, -effort, effort), self._last - step, self._last + step)

    def _stoppable(self, room: Array, last: Array) -> Array:
        """Largest velocity towards a limit from which the joint still stops in front of it.

        With braking b, period T and a ramp that takes the share r of each period from the velocity before to the
        new one, v moves the joint by at most v T + r/2 (v_last - v) T in its own period, and by v^2 / (2 b) + r/2 v T
        until it stops after that. The sum is to fit into the room.

        Args:
            room: Way to the limit [rad] when the command begins to act.
            last: Velocity before it, positive towards the limit [rad/s].
        """
        period, ramp = self._period, self._robot.command_ramp
        braking = np.minimum(self._robot.limits.acceleration, self._robot.safety.step / period)
        free = np.maximum(room - ramp / 2 * period * last, 0.0)
        return braking * (np.sqrt(period**2 + 2 * free / braking) - period)


def expected_position(robot: Robot, period: float, position: Array, previous: Array, pending: Array) -> Array:
    """Joint positions once the pending velocity commands have acted, shape (joints,).

    Joints that are commanded otherwise stay where they are measured.

    Args:
        robot: The robot.
        period: Control period [s].
        position: Measured now, shape (joints,).
        previous: The command that acted until now, shape (joints,).
        pending: Commands decided already, the next to act first, shape (delay, joints).
    """
    if not len(pending):
        return position
    ramp = robot.command_ramp / 2 * period * (previous - pending[-1])
    return np.where(robot.commanded_by(VELOCITY), position + period * pending.sum(axis=0) + ramp, position)


def tripped_guard(robot: Robot, measurement: Measurement, command: Array) -> str | None:
    """Why the measured state is unsafe; None if it is not.

    Args:
        robot: Whose safety limits hold.
        measurement: The newest state.
        command: What acts now, shape (joints,).
    """
    wrong = check_measurement(robot, measurement)
    return wrong or _tilted(robot, measurement) or _joint_unsafe(robot, measurement, command)


def _tilted(robot: Robot, measurement: Measurement) -> str | None:
    if "imu_orientation" not in measurement:
        return None
    x, y = measurement["imu_orientation"][:2]
    tilt = float(np.arccos(np.clip(1 - 2 * (x * x + y * y), -1.0, 1.0)))
    return f"tilt {tilt:.2f} rad exceeds {robot.safety.tilt:.2f} rad" if tilt > robot.safety.tilt else None


def _joint_unsafe(robot: Robot, measurement: Measurement, command: Array) -> str | None:
    limits, safety, position = robot.limits, robot.safety, measurement["joint_position"]
    outside = np.maximum(limits.lower - position, position - limits.upper)
    worst = int(np.argmax(outside))
    if outside[worst] > safety.joint_margin:
        return (
            f"{robot.joints[worst]} at {position[worst]:.2f} rad is past its limit by more than "
            f"{safety.joint_margin} rad"
        )
    error = np.where(robot.commanded_by(POSITION), np.abs(position - command), 0.0)
    worst = int(np.argmax(error))
    if error[worst] > safety.joint_error:
        return f"{robot.joints[worst]} is {error[worst]:.2f} rad from its command, limit {safety.joint_error} rad"
    if "joint_effort" not in measurement:
        return None
    effort = measurement["joint_effort"]
    load = np.abs(effort) / limits.effort
    worst = int(np.argmax(load))
    if load[worst] > safety.effort:
        return (
            f"effort of {robot.joints[worst]} is {effort[worst]:.1f} N m, "
            f"limit {safety.effort * limits.effort[worst]:.1f} N m"
        )
    return None
