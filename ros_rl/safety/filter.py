# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The filter of commands: what goes to the joints keeps their limits, whatever was asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ros_rl.errors import CommandError
from ros_rl.robot import EFFORT, POSITION, VELOCITY, Robot
from ros_rl.safety.workspace import workspace_of
from ros_rl.types import Array

_SAME = 1e-9  # a command that differs by less was not changed


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

    The limits hold for the set point that goes out. It moves linearly from the last command to the new one over the
    robot's `command_ramp`, and without a ramp jumps; then its mean over the period counts. Where the ramp fills the
    period, its speed goes on into the next one; a shorter one begins and ends at rest. Speeds change from ramp to
    ramp by no more than the acceleration limit permits in the time of a ramp.

    A set point brakes in front of position limits and of what was asked for. A velocity command is also kept so low
    that the joint can stop before its position limit without braking harder than its acceleration limit. What an
    effort does to a position nobody knows here: the guards see to its limits.

    Where the robot has a workspace or boxes to keep out of, a command after which it could not come to rest inside
    is replaced by standing still, all joints of it.

    Args:
        robot: Whose limits hold.
        period: Control period [s].
    """

    def __init__(self, robot: Robot, period: float) -> None:
        self._robot, self._period = robot, period
        self._window = period * (robot.command_ramp or 1.0)
        self._rests = 0.0 < robot.command_ramp < 1.0
        kinds = {POSITION: self._limit_position, VELOCITY: self._limit_velocity, EFFORT: self._limit_effort}
        self._limiters = [
            (robot.commanded_by(kind), limit) for kind, limit in kinds.items() if kind in robot.interfaces
        ]
        self._by_velocity = robot.commanded_by(VELOCITY)
        self._workspace = workspace_of(robot)
        self.reset()

    def reset(self, command: Array | None = None) -> None:
        """Start anew from a command at rest, within its limits; without one, from the neutral command."""
        start = self._robot.neutral_command if command is None else np.asarray(command, dtype=np.float64)
        self._last = np.clip(start, *self._robot.command_bounds())
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
        rate = self._last_rate
        value = self._limit(wanted, position)
        if self._workspace is not None and (position is not None or not self._by_velocity.any()):
            now = self._last if position is None else np.where(self._by_velocity, position, self._last)
            if not self._workspace.permits(now, self._rest_after(value, now)):
                self._last_rate = rate
                value = self._limit(np.where(self._by_velocity, 0.0, self._last), position)
        changed = np.abs(value - wanted) > _SAME
        self._last = value
        return Filtered(value, tuple(joint for joint, flag in zip(robot.joints, changed, strict=True) if flag))

    def _limit(self, wanted: Array, position: Array | None) -> Array:
        value = wanted.copy()
        for joints, limit in self._limiters:
            value[joints] = limit(wanted, position)[joints]
        return value

    def _rest_after(self, command: Array, now: Array) -> Array:
        """Where the joints come to rest if they brake, as hard as they may, after a period under a command.

        The ramp from the velocity before has its share in it, see `stoppable`.
        """
        limits, period = self._robot.limits, self._period
        braking = np.minimum(limits.acceleration, limits.step / self._window)
        ramp = self._robot.command_ramp / 2 * period * self._last
        moved = ramp + command * period + command * np.abs(command) / (2.0 * braking)
        return np.where(self._by_velocity, now + moved, command)

    def _limit_position(self, wanted: Array, position: Array | None) -> Array:
        limits, window, last = self._robot.limits, self._window, self._last
        goal = np.clip(wanted, limits.lower, limits.upper)
        fastest = np.minimum(limits.velocity, limits.step / window)
        most = limits.acceleration * window

        def brakes_within(room: Array) -> Array:
            return _brakes_within(np.minimum(room, fastest * window + fastest**2 / limits.acceleration), most, window)

        distance = goal - last
        rate = np.sign(distance) * np.minimum(brakes_within(np.abs(distance)), fastest)
        rate = np.clip(rate, self._last_rate - most, self._last_rate + most)
        rate = np.clip(rate, -brakes_within(last - limits.lower), brakes_within(limits.upper - last))
        moved = rate * window
        if not self._rests:
            self._last_rate = rate
        return np.where(np.abs(moved - distance) < 1e-12, goal, last + moved)

    def _limit_velocity(self, wanted: Array, position: Array | None) -> Array:
        limits = self._robot.limits
        most = np.minimum(limits.acceleration * self._window, limits.step)
        value = np.clip(wanted, -limits.velocity, limits.velocity)
        if position is not None:
            rest = position + self._robot.command_ramp / 2 * self._period * self._last
            up = stoppable(np.maximum(limits.upper - rest, 0.0), most, self._period)
            down = stoppable(np.maximum(rest - limits.lower, 0.0), most, self._period)
            value = np.clip(value, -down, up)
        return np.clip(value, self._last - most, self._last + most)

    def _limit_effort(self, wanted: Array, position: Array | None) -> Array:
        effort, step = self._robot.limits.effort, self._robot.limits.step
        return np.clip(np.clip(wanted, -effort, effort), self._last - step, self._last + step)


def stoppable(room: Array, most: Array | float, period: float) -> Array:
    """Largest velocity towards a limit from which what moves still stops in front of it.

    With braking b, period T and a ramp that takes the share r of each period from the velocity before to the
    new one, v moves by at most v T + r/2 (v_last - v) T in its own period, and by v^2 / (2 b) + r/2 v T
    until it stops after that. The sum is to fit into the room.

    Args:
        room: Way to the limit [rad] from where the velocity before would come to rest, r/2 v_last T further on; not
            negative.
        most: Largest change of the velocity in a period [rad/s].
        period: T [s].
    """
    braking = most / period
    return np.asarray(braking * (np.sqrt(period**2 + 2 * room / braking) - period))


def _brakes_within(room: Array, most: Array, window: float) -> Array:
    """Largest speed of a set point that comes to rest within the room, a ramp at a time.

    Of n ramps the first runs at v and each next one slower by `most`: together (n v - n (n - 1) / 2 most) window.

    Args:
        room: [rad]; negative where there is none, as for a joint with other commands.
        most: Largest change of the speed from ramp to ramp [rad/s].
        window: Time of a ramp [s].
    """
    room = np.maximum(room, 0.0)
    ramps = np.maximum(np.ceil((np.sqrt(1.0 + 8.0 * room / (most * window)) - 1.0) / 2.0), 1.0)
    return room / (ramps * window) + most * (ramps - 1.0) / 2.0


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
