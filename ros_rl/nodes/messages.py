# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Between the project's own types and standard ROS messages: commands, sensors, ticks."""

from __future__ import annotations

from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Quaternion, Vector3
from sensor_msgs.msg import JointState

from ros_rl.errors import CommandError, ContractError
from ros_rl.nodes.packets import doubles
from ros_rl.robot import Robot
from ros_rl.types import Array, Command

_SECOND = 1_000_000_000
ODOM_FRAME = "odom"


def to_time(stamp: int) -> Time:
    """A stamp [ns] as a message."""
    sec, nanosec = divmod(stamp, _SECOND)
    return Time(sec=sec, nanosec=nanosec)


def from_time(time: Time) -> int:
    """A message's stamp [ns]."""
    return int(time.sec) * _SECOND + int(time.nanosec)


def to_joint_state(
    stamp: int, robot: Robot, position: Array | None, velocity: Array | None = None, effort: Array | None = None
) -> JointState:
    """Joint values in the robot's order."""
    message = JointState(name=list(robot.joints))
    message.header.stamp = to_time(stamp)
    if position is not None:
        message.position = doubles(position)
    if velocity is not None:
        message.velocity = doubles(velocity)
    if effort is not None:
        message.effort = doubles(effort)
    return message


def to_command(stamp: int, robot: Robot, value: Array) -> JointState:
    """Joint targets, each in the field that its command interface names, where the other joints have NaN.

    Fields that no joint of the robot is commanded by stay empty.
    """
    targets = {kind: np.where(robot.commanded_by(kind), value, np.nan) for kind in set(robot.interfaces)}
    return to_joint_state(stamp, robot, **{"position": None, **targets})


def from_command(message: JointState, robot: Robot) -> Command:
    """Joint targets by name, each read from the field that its command interface names.

    Raises:
        CommandError: A joint is missing, unknown or named twice, or the values do not match the names.
    """
    names = message.name
    if sorted(names) != sorted(robot.joints):
        raise CommandError(f"command names the joints {', '.join(names)}, {robot.name} has {', '.join(robot.joints)}")
    value = np.zeros(robot.size)
    for kind in set(robot.interfaces):
        targets = getattr(message, kind)
        if len(targets) != len(names):
            raise CommandError(f"command has {len(targets)} {kind} values for {len(names)} joints of {robot.name}")
        joints = robot.commanded_by(kind)
        value[joints] = by_name(names, targets, robot.joints, robot)[joints]
    return Command(from_time(message.header.stamp), value)


def by_name(names: list[str], values: Any, joints: tuple[str, ...], robot: Robot) -> Array:
    """Values of `joints` out of a message that names its own.

    Raises:
        ContractError: A joint is missing.
    """
    found = np.array(values, dtype=np.float64)
    if tuple(names) == joints:
        return found
    try:
        return found[[names.index(joint) for joint in joints]]
    except (ValueError, IndexError):
        needed = ", ".join([*robot.joints, *robot.passive])
        raise ContractError(f"joint state has {', '.join(names)}; {robot.name} needs {needed}") from None


def to_vector3(value: Array) -> Vector3:
    """Three numbers."""
    x, y, z = value.tolist()
    return Vector3(x=x, y=y, z=z)


def to_quaternion(value: Array) -> Quaternion:
    """A quaternion xyzw."""
    x, y, z, w = value.tolist()
    return Quaternion(x=x, y=y, z=z, w=w)


def from_xyz(value: Any) -> Array:
    """A point or a vector, shape (3,)."""
    return np.array([value.x, value.y, value.z])


def from_xyzw(value: Any) -> Array:
    """A quaternion xyzw, shape (4,)."""
    return np.array([value.x, value.y, value.z, value.w])


def to_point(value: Array) -> Point:
    """A position [m], shape (3,)."""
    x, y, z = value.tolist()
    return Point(x=x, y=y, z=z)
