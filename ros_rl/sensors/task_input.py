# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an input of a task is: a row of `ros_rl.sensors.inputs.INPUTS`, and rows that packages make in a line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ros_rl.errors import CommandError
from ros_rl.robot import Robot
from ros_rl.sensors.message_fields import doubles
from ros_rl.sensors.sensor import IN_BASE, IN_ODOMETRY, VECTORS, ListField
from ros_rl.sensors.table import ODOM_FRAME
from ros_rl.types import Array

_PATH = "nav_msgs/msg/Path"


def _say_nothing(message: Any, robot: Robot) -> None:
    pass


@dataclass(frozen=True)
class TaskInput:
    """One input of a task.

    Attributes:
        unit: SI unit.
        shape: Of its value, one axis; or what gives it for a robot.
        topic: Relative topic that the driver listens to. Inputs of one topic share its messages.
        message: The topic's type.
        read: The value that a message asks for; raises CommandError if it is in another frame.
        shown_as: Type of the messages that show displays what acts, on ``task/<name>``; inputs of one topic and type
            are shown in one message, under the name of the first.
        show: Writes a value into such a message, whose header, if it has one, is there.
        neutral: What holds on a robot while nobody asks for anything else, (*shape,); None: what the task draws.
        holds: How long on a robot what was asked for does [s]; infinite: until something else is.
        meaning: What it asks for, in one line.
        frame: Frame that its value is given in, and the messages that ask for it and show it: `IN_BASE`,
            `IN_ODOMETRY`, or empty where it is in none.
        lists: Lists in the messages that show it, which get their elements before `show`.
        prepare: Writes into such a message what is no value.
        turns: Whether it is a rotation, which no limits of single numbers bound.
    """

    unit: str
    shape: tuple[int, ...] | Callable[[Robot], tuple[int, ...]]
    topic: str
    message: str
    read: Callable[[Any, Robot], Array]
    shown_as: str
    show: Callable[[Any, Array], None]
    neutral: tuple[float, ...] | None = None
    holds: float = math.inf
    meaning: str = field(default="", kw_only=True)
    frame: str = field(default="", kw_only=True)
    lists: tuple[ListField, ...] = field(default=(), kw_only=True)
    prepare: Callable[[Any, Robot], None] = field(default=_say_nothing, kw_only=True)
    turns: bool = field(default=False, kw_only=True)

    def shape_of(self, robot: Robot) -> tuple[int, ...]:
        """Shape of its value for a robot."""
        return self.shape(robot) if callable(self.shape) else self.shape


def frame_id(frame: str, robot: Robot) -> str:
    """A frame's name in messages."""
    return {IN_BASE: robot.base_frame, IN_ODOMETRY: ODOM_FRAME}.get(frame, "")


def check_frame(message: Any, robot: Robot, frame: str) -> None:
    """Refuse a message whose header names another frame: nothing here transforms it.

    Raises:
        CommandError: With both frames.
    """
    given, allowed = message.header.frame_id, frame_id(frame, robot)
    if given != allowed:
        what = "base" if frame == IN_BASE else "odometry"
        raise CommandError(f"it is in frame '{given}', allowed: '{allowed}', the {what} of {robot.name}")


def vector_input(
    topic: str,
    unit: str,
    size: int,
    neutral: tuple[float, ...] | None = None,
    holds: float = math.inf,
    meaning: str = "",
    frame: str = "",
) -> TaskInput:
    """Any numbers of one's own, as ``std_msgs/Float64MultiArray``, whose ``data`` is the value.

    Args:
        topic: Relative topic that the driver listens to.
        unit: SI unit.
        size: How many numbers.
        neutral: See `TaskInput`.
        holds: See `TaskInput` [s].
        meaning: See `TaskInput`.
        frame: See `TaskInput`; the messages name none.
    """

    def show(message: Any, value: Array) -> None:
        message.data = doubles(value)

    def read(message: Any, robot: Robot) -> Array:
        return np.array(message.data)

    return TaskInput(unit, (size,), topic, VECTORS, read, VECTORS, show, neutral, holds, meaning=meaning, frame=frame)


def waypoints_input(count: int, topic: str = "waypoints") -> TaskInput:
    """Points on the ground that a base is to pass, as ``nav_msgs/Path`` in the odometry frame, x and y of each.

    A path with fewer poses repeats its last.

    Args:
        count: How many points, at most, the task is asked for.
        topic: Relative topic that the driver listens to.
    """

    def read(message: Any, robot: Robot) -> Array:
        check_frame(message, robot, IN_ODOMETRY)
        poses = message.poses
        if not 1 <= len(poses) <= count:
            raise CommandError(f"it has {len(poses)} poses, allowed: 1 to {count}")
        points = [(item.pose.position.x, item.pose.position.y) for item in poses]
        return np.array([*points, *[points[-1]] * (count - len(points))]).reshape(-1)

    def show(message: Any, value: Array) -> None:
        for item, point in zip(message.poses, value.reshape(-1, 2), strict=True):
            item.header = message.header
            item.pose.position.x, item.pose.position.y = point.tolist()

    return TaskInput(
        "m",
        (2 * count,),
        topic,
        _PATH,
        read,
        _PATH,
        show,
        meaning=f"{count} points that the base is to pass, x and y of each; unused ones repeat the last",
        frame=IN_ODOMETRY,
        lists=(ListField("poses", "geometry_msgs/msg/PoseStamped", count),),
    )
