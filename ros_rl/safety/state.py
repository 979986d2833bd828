# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What one measurement tells about safety, without any history."""

from __future__ import annotations

import numpy as np

from ros_rl.errors import apart, beyond
from ros_rl.robot import Robot
from ros_rl.sensors.table import check_measurement
from ros_rl.types import Array, Measurement

_ORIENTATIONS = ("imu_orientation", "base_orientation")


def tripped_guard(robot: Robot, measurement: Measurement) -> str | None:
    """Why the measured state is unsafe; None if it is not.

    Args:
        robot: Whose safety limits hold.
        measurement: The newest state.
    """
    return (
        check_measurement(robot, measurement)
        or _no_rotation(robot, measurement)
        or _tilted(robot, measurement)
        or _past_limit(robot, measurement["joint_position"])
        or _too_fast(robot, measurement)
        or _overloaded(robot, measurement)
        or _hot(robot, measurement)
    )


def worst_joint(robot: Robot, values: Array) -> tuple[str, int]:
    """Name and index of the joint with the largest value."""
    worst = int(np.argmax(values))
    return robot.joints[worst], worst


def _no_rotation(robot: Robot, measurement: Measurement) -> str | None:
    """A quaternion whose norm is far from 1 is no orientation, so nobody knows the tilt."""
    for name in _ORIENTATIONS:
        if name not in measurement:
            continue
        norm = float(np.linalg.norm(measurement[name]))
        if abs(norm - 1.0) > robot.safety.orientation_norm:
            return f"{name} has norm {norm:.3f}, allowed 1 +- {robot.safety.orientation_norm:g}"
    return None


def _tilted(robot: Robot, measurement: Measurement) -> str | None:
    """By the IMU, or by the estimated orientation of a robot without one."""
    measured = [measurement[name] for name in _ORIENTATIONS if name in measurement]
    if not measured:
        return None
    x, y = (measured[0] / np.linalg.norm(measured[0]))[:2]
    tilt = float(np.arccos(np.clip(1.0 - 2.0 * (x * x + y * y), -1.0, 1.0)))
    limit = robot.safety.tilt
    if tilt <= limit:
        return None
    shown, most = apart(tilt, limit, 2)
    return f"tilt {shown} rad exceeds {most} rad"


def _past_limit(robot: Robot, position: Array) -> str | None:
    limits, margin = robot.limits, robot.safety.joint_margin
    outside = np.maximum(limits.lower - position, position - limits.upper)
    joint, worst = worst_joint(robot, outside)
    if outside[worst] <= margin:
        return None
    return f"{joint} at {position[worst]:.2f} rad is past its limit by more than {margin:g} rad"


def _too_fast(robot: Robot, measurement: Measurement) -> str | None:
    if "joint_velocity" not in measurement:
        return None
    speed, most = np.abs(measurement["joint_velocity"]), robot.fastest
    joint, worst = worst_joint(robot, speed / most)
    if speed[worst] <= most[worst]:
        return None
    shown, limit = apart(speed[worst], most[worst], 2)
    return f"{joint} moves at {shown} rad/s, limit {limit} rad/s"


def _overloaded(robot: Robot, measurement: Measurement) -> str | None:
    if "joint_effort" not in measurement:
        return None
    effort, most = measurement["joint_effort"], robot.safety.effort * robot.limits.effort
    joint, worst = worst_joint(robot, np.abs(effort) / robot.limits.effort)
    if abs(effort[worst]) <= most[worst]:
        return None
    shown, limit = apart(abs(effort[worst]), most[worst], 1)
    return f"effort of {joint} is {'-' if effort[worst] < 0.0 else ''}{shown} N m, limit {limit} N m"


def _hot(robot: Robot, measurement: Measurement) -> str | None:
    if "joint_temperature" not in measurement:
        return None
    temperature, limit = measurement["joint_temperature"], robot.safety.temperature
    joint, worst = worst_joint(robot, temperature)
    if temperature[worst] <= limit:
        return None
    shown = beyond(temperature[worst], limit, 0)
    return f"motor of {joint} has {shown} degC, limit {limit:g} degC: let it cool down"
