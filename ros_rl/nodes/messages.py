# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Between the project's own types and standard ROS messages: stamps, commands, points; message classes by name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState

from ros_rl.errors import CommandError, ConfigError, ContractError, one_line
from ros_rl.robot import Robot
from ros_rl.sensors.message_fields import by_name, doubles
from ros_rl.sensors.sensor import ListField
from ros_rl.types import Array, Command

PERSON = "person"
"""``header.frame_id`` of a command that a person decided, or a script in a person's place."""
_SECOND = 1_000_000_000


@cache
def message_class(name: str) -> Any:
    """The class of a message type, such as ``sensor_msgs/msg/Imu``.

    Raises:
        ConfigError: There is none of that name.
    """
    package, _, kind = name.partition("/msg/")
    try:
        return getattr(import_module(f"{package}.msg"), kind)
    except (ImportError, AttributeError):
        raise ConfigError(f"message type '{name}' is not installed here") from None


def fill_lists(message: Any, lists: Iterable[ListField]) -> None:
    """Give lists of a new message their elements."""
    for item in lists:
        element = message_class(item.message)
        setattr(message, item.field, [element() for _ in range(item.length)])


def deserialised(data: bytes, kind: Any) -> Any:
    """A message that came serialised.

    Args:
        data: CDR.
        kind: Its class.

    Raises:
        ContractError: The bytes are no such message.
    """
    try:
        return deserialize_message(data, kind)
    except Exception as error:  # the middleware has errors of its own
        raise ContractError(f"{len(data)} bytes are no {kind.__name__}: {one_line(error)}") from None


def to_time(stamp: int) -> Time:
    """A stamp [ns] as a message."""
    sec, nanosec = divmod(stamp, _SECOND)
    return Time(sec=sec, nanosec=nanosec)


def from_time(time: Time) -> int:
    """A message's stamp [ns].

    Raises:
        ContractError: It lies before 1970, or its nanoseconds make more than a second.
    """
    if time.sec < 0 or time.nanosec >= _SECOND:
        raise ContractError(f"stamp is {time.sec} s and {time.nanosec} ns, expected neither below 0 nor 1e9 ns or more")
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


def to_command(stamp: int, robot: Robot, value: Array, by_person: bool = False) -> JointState:
    """Joint targets, each in the field that its command interface names, where the other joints have NaN.

    Fields that no joint of the robot is commanded by stay empty. A command that a person decided says so in
    ``header.frame_id``, which commands of joints do not need: they are in no frame.
    """
    targets = {kind: np.where(robot.commanded_by(kind), value, np.nan) for kind in set(robot.interfaces)}
    message = to_joint_state(stamp, robot, **{"position": None, **targets})
    message.header.frame_id = PERSON if by_person else ""
    return message


def from_command(message: JointState, robot: Robot) -> Command:
    """Joint targets by name, each read from the field that its command interface names.

    Raises:
        CommandError: A joint is missing, unknown or named twice, or the values do not match the names.
        ContractError: Its stamp is none.
    """
    names = message.name
    if sorted(names) != sorted(robot.joints):
        raise CommandError(
            f"command names the joints {', '.join(names)[:200]}, {robot.name} has {', '.join(robot.joints)}"
        )
    value = np.zeros(robot.size)
    for kind in set(robot.interfaces):
        targets = getattr(message, kind)
        if len(targets) != len(names):
            raise CommandError(f"command has {len(targets)} {kind} values for {len(names)} joints of {robot.name}")
        joints = robot.commanded_by(kind)
        value[joints] = by_name(names, targets, robot.joints, robot)[joints]
    return Command(from_time(message.header.stamp), value, message.header.frame_id == PERSON)


def to_point(value: Array) -> Point:
    """A position [m], shape (3,)."""
    x, y, z = value.tolist()
    return Point(x=x, y=y, z=z)
