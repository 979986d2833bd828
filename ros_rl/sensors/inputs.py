# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a task may be asked for while it runs: named, typed values that the driver takes in and stamps into its ticks.

In simulation the task draws them, on a robot anyone may publish them; there a command counts for a while only, so that
nothing keeps moving because its sender went quiet. Other packages add rows by the entry point group
``ros_rl.inputs``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ros_rl.errors import CommandError
from ros_rl.layout import LARGEST_VALUE
from ros_rl.plugins import INPUTS_GROUP, Table
from ros_rl.robot import Robot
from ros_rl.sensors.message_fields import get_xyz, set_xyz
from ros_rl.types import Array
from ros_rl.wire import first_beyond


@dataclass(frozen=True)
class TaskInput:
    """One input of a task.

    Attributes:
        unit: SI unit.
        shape: Of its value.
        topic: Relative topic that the driver listens to.
        message: The topic's type.
        read: The value that a message asks for; raises CommandError if it is in another frame.
        shown_as: Type of the stamped messages that show displays what acts, on ``task/<name>``.
        show: Writes a value into such a message, whose header is there.
        neutral: What holds on a robot while nobody asks for anything else, (*shape,); None: what the task draws.
        holds: How long on a robot what was asked for does [s]; infinite: until something else is.
        meaning: What it asks for, in one line.
        frame: Frame that its value is given in; empty where it is in none.
    """

    unit: str
    shape: tuple[int, ...]
    topic: str
    message: str
    read: Callable[[Any, Robot], Array]
    shown_as: str
    show: Callable[[Any, Array], None]
    neutral: tuple[float, ...] | None = None
    holds: float = math.inf
    meaning: str = field(default="", kw_only=True)
    frame: str = field(default="", kw_only=True)


def _read_position(message: Any, robot: Robot) -> Array:
    frame = message.header.frame_id
    if frame != robot.base_frame:
        raise CommandError(f"it is in frame '{frame}', allowed: '{robot.base_frame}', the base of {robot.name}")
    return get_xyz(message.pose.position)


def _read_twist(message: Any, robot: Robot) -> Array:
    return np.array([message.linear.x, message.linear.y, message.angular.z])


def _show_twist(message: Any, value: Array) -> None:
    message.twist.linear.x, message.twist.linear.y, message.twist.angular.z = value.tolist()


INPUTS: Table[TaskInput] = Table(
    INPUTS_GROUP,
    {
        "goal_position": TaskInput(
            "m",
            (3,),
            "goal",
            "geometry_msgs/msg/PoseStamped",
            _read_position,
            "geometry_msgs/msg/PoseStamped",
            lambda message, value: set_xyz(message.pose.position, value),
            meaning="where the tool is to be",
            frame="robot's base",
        ),
        "velocity_command": TaskInput(
            "m/s and rad/s",
            (3,),
            "cmd_vel",
            "geometry_msgs/msg/Twist",
            _read_twist,
            "geometry_msgs/msg/TwistStamped",
            _show_twist,
            neutral=(0.0, 0.0, 0.0),
            holds=0.5,
            meaning="velocity forward and to the left [m/s], turning to the left [rad/s]",
            frame="robot's base",
        ),
    },
)


def check_input(name: str, value: Array, known: tuple[str, ...]) -> None:
    """Refuse what a task cannot be asked for.

    Args:
        name: Of the input.
        value: Asked for.
        known: The inputs that the task has.

    Raises:
        CommandError: The task has no such input, or the value has the wrong shape, or is not finite or beyond
            `LARGEST_VALUE`.
    """
    if name not in known:
        raise CommandError(f"the task has no input '{name}'; it has: {', '.join(known) or 'none'}")
    if value.shape != INPUTS[name].shape:
        raise CommandError(f"{name} has shape {value.shape}, expected {INPUTS[name].shape}")
    if not (np.abs(value) <= LARGEST_VALUE).all():
        where = first_beyond(value, LARGEST_VALUE)
        raise CommandError(f"{name} is not finite or beyond {LARGEST_VALUE:g}: {where}")
