# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a task may be asked for while it runs: named, typed values that the driver takes in and stamps into its ticks.

In simulation the task draws them, on a robot anyone may publish them; there a command counts for a while only, so that
nothing keeps moving because its sender went quiet. Other packages add rows by the entry point group
``ros_rl.inputs``.

What a tool or an object is to reach stands in the base frame, where they are measured. What the base is to reach stands
in the odometry frame, which does not move with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ros_rl.errors import CommandError, ConfigError
from ros_rl.layout import LARGEST_VALUE
from ros_rl.plugins import INPUTS_GROUP, Table
from ros_rl.robot import Robot
from ros_rl.rotations import from_rotation_vector, yaw_of
from ros_rl.sensors.message_fields import by_name, doubles, get_xyz, get_xyzw, set_xyz, set_xyzw
from ros_rl.sensors.sensor import IN_BASE, IN_ODOMETRY
from ros_rl.sensors.task_input import TaskInput, check_frame, vector_input, waypoints_input
from ros_rl.types import Array
from ros_rl.wire import first_beyond

__all__ = ["INPUTS", "TaskInput", "by_topic", "check_input", "shown_together", "vector_input", "waypoints_input"]

POSE = "geometry_msgs/msg/PoseStamped"
VELOCITY_COMMAND = "velocity_command"
"""The input by which a robot is steered."""
GRASP = "grasp"
"""What tasks that move things from side to side remember; see `ros_rl.tasks.task.Task.memory`."""
_NORM_TOLERANCE = 0.1


def _pose(
    unit: str,
    size: int,
    topic: str,
    frame: str,
    meaning: str,
    get: Callable[[Any], Array],
    put: Callable[[Any, Array], None],
    turns: bool = False,
) -> TaskInput:
    """A part of the poses on a topic."""

    def read(message: Any, robot: Robot) -> Array:
        check_frame(message, robot, frame)
        return get(message.pose)

    def show(message: Any, value: Array) -> None:
        put(message.pose, value)

    return TaskInput(unit, (size,), topic, POSE, read, POSE, show, meaning=meaning, frame=frame, turns=turns)


def _orientation(pose: Any) -> Array:
    quaternion = get_xyzw(pose.orientation)
    norm = float(np.linalg.norm(quaternion))
    if not abs(norm - 1.0) <= _NORM_TOLERANCE:
        raise CommandError(f"its orientation has norm {norm:g}, allowed: 1 +- {_NORM_TOLERANCE}")
    return quaternion / norm


def _put_planar(pose: Any, value: Array) -> None:
    pose.position.x, pose.position.y = value.tolist()


def _put_heading(pose: Any, value: Array) -> None:
    set_xyzw(pose.orientation, from_rotation_vector(np.array([0.0, 0.0, value[0]])))


def _read_twist(message: Any, robot: Robot) -> Array:
    return np.array([message.linear.x, message.linear.y, message.angular.z])


def _show_twist(message: Any, value: Array) -> None:
    message.twist.linear.x, message.twist.linear.y, message.twist.angular.z = value.tolist()


def _read_tool_twist(message: Any, robot: Robot) -> Array:
    check_frame(message, robot, IN_BASE)
    return get_xyz(message.twist.linear)


def _name_joints(message: Any, robot: Robot) -> None:
    message.name = list(robot.joints)


def _show_joints(message: Any, value: Array) -> None:
    message.position = doubles(value)


GOAL_PLANAR = _pose(
    "m",
    2,
    "goal_pose",
    IN_ODOMETRY,
    "where the base is to be, x and y",
    lambda pose: np.array([pose.position.x, pose.position.y]),
    _put_planar,
)
WAYPOINTS = waypoints_input(4)
TOOL_VELOCITY_COMMAND = TaskInput(
    "m/s",
    (3,),
    "tool_cmd_vel",
    "geometry_msgs/msg/TwistStamped",
    _read_tool_twist,
    "geometry_msgs/msg/TwistStamped",
    lambda message, value: set_xyz(message.twist.linear, value),
    neutral=(0.0, 0.0, 0.0),
    holds=0.5,
    meaning="velocity that the tool is to have, relative to the base",
    frame=IN_BASE,
)

INPUTS: Table[TaskInput] = Table(
    INPUTS_GROUP,
    {
        "goal_position": _pose(
            "m",
            3,
            "goal",
            IN_BASE,
            "where the tool, or an object, is to be",
            lambda pose: get_xyz(pose.position),
            lambda pose, value: set_xyz(pose.position, value),
        ),
        "goal_orientation": _pose(
            "1",
            4,
            "goal",
            IN_BASE,
            "how the tool, or an object, is to be turned, quaternion xyzw",
            _orientation,
            lambda pose, value: set_xyzw(pose.orientation, value),
            turns=True,
        ),
        "goal_planar": GOAL_PLANAR,
        "goal_heading": _pose(
            "rad",
            1,
            "goal_pose",
            IN_ODOMETRY,
            "yaw that the base is to have",
            lambda pose: np.array([yaw_of(_orientation(pose))]),
            _put_heading,
            turns=True,
        ),
        "goal_joint_position": TaskInput(
            "rad or m",
            lambda robot: (robot.size,),
            "goal_joint_states",
            "sensor_msgs/msg/JointState",
            lambda message, robot: by_name(message.name, message.position, robot.joints, robot),
            "sensor_msgs/msg/JointState",
            _show_joints,
            meaning="where the commanded joints are to be",
            prepare=_name_joints,
        ),
        "waypoints": WAYPOINTS,
        GRASP: vector_input(
            GRASP,
            "1",
            1,
            meaning="side on which what the gripper holds was grasped: 1 left, -1 right, 0 where it holds nothing",
        ),
        "tool_velocity_command": TOOL_VELOCITY_COMMAND,
        VELOCITY_COMMAND: TaskInput(
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
            frame=IN_BASE,
        ),
    },
)


def by_topic(names: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """The inputs that share each topic, by its name and message type.

    Raises:
        ConfigError: Two inputs want one topic for different messages.
    """
    grouped: dict[tuple[str, str], list[str]] = {}
    for name in names:
        grouped.setdefault((INPUTS[name].topic, INPUTS[name].message), []).append(name)
    topics = [topic for topic, _ in grouped]
    twice = [topic for topic in topics if topics.count(topic) > 1]
    if twice:
        raise ConfigError(f"inputs {', '.join(names)} want topic '{twice[0]}' for different messages")
    return grouped


def shown_together(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Types of the messages that show inputs, each with the inputs that one of them shows."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for name in names:
        grouped.setdefault((INPUTS[name].topic, INPUTS[name].shown_as), []).append(name)
    return [(kind, members) for (_, kind), members in grouped.items()]


def check_input(name: str, value: Array, known: tuple[str, ...], robot: Robot) -> None:
    """Refuse what a task cannot be asked for.

    Args:
        name: Of the input.
        value: Asked for.
        known: The inputs that the task has.
        robot: The robot that it runs on.

    Raises:
        CommandError: The task has no such input, or the value has the wrong shape, or is not finite or beyond
            `LARGEST_VALUE`.
    """
    if name not in known:
        raise CommandError(f"the task has no input '{name}'; it has: {', '.join(known) or 'none'}")
    shape = INPUTS[name].shape_of(robot)
    if value.shape != shape:
        raise CommandError(f"{name} has shape {value.shape}, expected {shape}")
    if not (np.abs(value) <= LARGEST_VALUE).all():
        where = first_beyond(value, LARGEST_VALUE)
        raise CommandError(f"{name} is not finite or beyond {LARGEST_VALUE:g}: {where}")
