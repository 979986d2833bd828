# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The last hop before the joints: a filter for commands and guards on the state. Numpy only; time is passed in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ros_rl.errors import CommandError
from ros_rl.robot import Robot
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
    """Clamps commands to position, velocity, acceleration and step limits, joint by joint.

    Args:
        robot: Whose limits hold.
        period: Control period [s].
    """

    def __init__(self, robot: Robot, period: float) -> None:
        self._robot, self._period = robot, period
        self.reset()

    def reset(self, command: Array | None = None) -> None:
        """Start anew from a command at rest; without one, from the neutral command."""
        self._last = self._robot.neutral_command if command is None else np.array(command)
        self._last_rate = np.zeros(self._robot.size)

    def __call__(self, command: Array) -> Filtered:
        """Clamp a command.

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
        value, rate = self._limit(wanted)
        changed = np.abs(value - wanted) > 1e-9
        self._last, self._last_rate = value, rate
        return Filtered(value, tuple(joint for joint, flag in zip(robot.joints, changed, strict=True) if flag))

    def _limit(self, wanted: Array) -> tuple[Array, Array]:
        limits, period = self._robot.limits, self._period
        if self._robot.command_interface == "velocity":
            value = np.clip(wanted, -limits.velocity, limits.velocity)
            most = limits.acceleration * period
            return np.clip(value, self._last - most, self._last + most), self._last_rate
        value = np.clip(wanted, limits.lower, limits.upper)
        rate = (value - self._last) / period
        most = limits.acceleration * period
        rate = np.clip(rate, self._last_rate - most, self._last_rate + most)
        fastest = np.minimum(limits.velocity, self._robot.safety.step / period)
        rate = np.clip(rate, -fastest, fastest)
        # the acceleration limit may carry past the position limit: that limit wins
        value = np.clip(self._last + rate * period, limits.lower, limits.upper)
        return value, (value - self._last) / period


def tripped_guard(robot: Robot, measurement: Measurement, command: Array) -> str | None:
    """Why the measured state is unsafe; None if it is not.

    Args:
        robot: Whose safety limits hold.
        measurement: The newest state.
        command: What acts now, shape (joints,).
    """
    m, safety = measurement, robot.safety
    for name in ("joint_position", "joint_velocity", "imu_orientation"):
        value = getattr(m, name)
        if value is not None and not np.isfinite(value).all():
            return f"{name} is not finite: {value}"
    if m.imu_orientation is not None:
        x, y = m.imu_orientation[:2]
        tilt = float(np.arccos(np.clip(1 - 2 * (x * x + y * y), -1.0, 1.0)))
        if tilt > safety.tilt:
            return f"tilt {tilt:.2f} rad exceeds {safety.tilt:.2f} rad"
    margin = safety.joint_margin
    outside = np.maximum(robot.limits.lower - m.joint_position, m.joint_position - robot.limits.upper)
    worst = int(np.argmax(outside))
    if outside[worst] > margin:
        return f"{robot.joints[worst]} at {m.joint_position[worst]:.2f} rad is past its limit by more than {margin} rad"
    if robot.command_interface == "position":
        error = np.abs(m.joint_position - command)
        worst = int(np.argmax(error))
        if error[worst] > safety.joint_error:
            return f"{robot.joints[worst]} is {error[worst]:.2f} rad from its command, limit {safety.joint_error} rad"
    return None
