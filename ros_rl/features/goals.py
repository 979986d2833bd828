# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields that show what a task is asked for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ros_rl.features.feature import (
    IN_EPISODE,
    MIRRORED_COLUMNS,
    Feature,
    asked,
    in_episode,
    per_joint,
    unit,
    values,
)
from ros_rl.robot import Robot
from ros_rl.rotations import rotation_columns
from ros_rl.sensors.inputs import GOAL_PLANAR, TOOL_VELOCITY_COMMAND, WAYPOINTS
from ros_rl.sensors.sensor import IN_BASE
from ros_rl.sensors.task_input import TaskInput
from ros_rl.types import Array, Tick


def input_feature(name: str, item: TaskInput, scale: float = 1.0, mirror: tuple[float, ...] | None = None) -> Feature:
    """The field that shows an input as it is asked for.

    Args:
        name: Of the input.
        item: The input.
        scale: See `Feature`.
        mirror: See `Feature`.
    """

    def size(robot: Robot) -> int:
        return math.prod(item.shape_of(robot))

    return Feature(
        item.unit, scale, size, asked(name), input=name, mirror=mirror, meaning=item.meaning, frame=item.frame
    )


def planar_feature(name: str, item: TaskInput, scale: float = 0.5) -> Feature:
    """The field that shows points on the ground, x and y of each, which are asked for in the odometry frame.

    Args:
        name: Of the input.
        item: The input.
        scale: See `Feature`.
    """

    def compute(tick: Tick, robot: Robot) -> Array:
        return in_episode(tick.inputs[name].reshape(-1, 2), tick).reshape(-1)

    shown = input_feature(name, item, scale, mirror=(1, -1))
    return replace(shown, compute=compute, as_asked=False, frame=IN_EPISODE)


def _goal_joint_position(tick: Tick, robot: Robot) -> Array:
    return tick.inputs["goal_joint_position"] - robot.home


def _goal_heading(tick: Tick, robot: Robot) -> Array:
    yaw = tick.inputs["goal_heading"] - tick.origin[2]
    return np.concatenate([np.sin(yaw), np.cos(yaw)])


GOALS: dict[str, Feature] = {
    "goal_position": Feature(
        "m",
        2.0,
        values(3),
        asked("goal_position"),
        input="goal_position",
        mirror=(1, -1, 1),
        meaning="where the tool, or an object, is to be",
        frame=IN_BASE,
    ),
    "goal_orientation": Feature(
        "1",
        1.0,
        values(6),
        lambda tick, robot: rotation_columns(tick.inputs["goal_orientation"]),
        input="goal_orientation",
        bounds=unit(values(6)),
        as_asked=False,
        mirror=MIRRORED_COLUMNS,
        meaning="x and y axis that the tool is to have",
        frame=IN_BASE,
    ),
    "goal_joint_position": Feature(
        "rad or m",
        1.0,
        per_joint,
        _goal_joint_position,
        input="goal_joint_position",
        as_asked=False,
        meaning="of the commanded joints, relative to home",
    ),
    "goal_planar": planar_feature("goal_planar", GOAL_PLANAR),
    "waypoints": planar_feature("waypoints", WAYPOINTS),
    "goal_heading": Feature(
        "1",
        1.0,
        values(2),
        _goal_heading,
        input="goal_heading",
        bounds=unit(values(2)),
        as_asked=False,
        mirror=(-1, 1),
        meaning="sine and cosine of the yaw that the base is to have",
        frame=IN_EPISODE,
    ),
    "tool_velocity_command": input_feature("tool_velocity_command", TOOL_VELOCITY_COMMAND, mirror=(1, -1, 1)),
    "velocity_command": Feature(
        "m/s and rad/s",
        1.0,
        values(3),
        asked("velocity_command"),
        input="velocity_command",
        mirror=(1, -1, -1),
        meaning="velocity forward and to the left [m/s], turning to the left [rad/s]",
        frame=IN_BASE,
    ),
}
"""By name."""
