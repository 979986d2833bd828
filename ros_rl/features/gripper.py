# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields of a robot's gripper, and of what tasks remember of its grasps."""

from __future__ import annotations

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.features.feature import Bounds, Feature, asked, values
from ros_rl.robot import Robot
from ros_rl.robot.gripper import Gripper
from ros_rl.sensors.inputs import GRASP
from ros_rl.types import Array, Tick


def gripper_of(robot: Robot) -> Gripper:
    """The robot's gripper.

    Raises:
        ConfigError: Its file has none.
    """
    if robot.gripper is None:
        raise ConfigError(f"the file of robot '{robot.name}' has no 'gripper'")
    return robot.gripper


def gripper_width(joints: Array, robot: Robot) -> float:
    """How far apart the fingers are [m], at positions of the joints or at commands, shape (joints,)."""
    gripper = gripper_of(robot)
    return gripper.width_at(float(joints[robot.joints.index(gripper.joint)]))


def gripper_rests(velocities: Array, robot: Robot) -> bool:
    """Whether the fingers have come to rest, at velocities of the joints, shape (joints,)."""
    gripper = gripper_of(robot)
    return gripper.rests_at(float(velocities[robot.joints.index(gripper.joint)]))


def _width(tick: Tick, robot: Robot) -> Array:
    return np.array([gripper_width(tick.measurement["joint_position"], robot)])


def _widths(robot: Robot) -> Bounds:
    gripper, limits, margin = gripper_of(robot), robot.limits, robot.safety.joint_margin
    joint = robot.joints.index(gripper.joint)
    ends = [gripper.width_at(limits.lower[joint] - margin), gripper.width_at(limits.upper[joint] + margin)]
    return np.array([min(ends)]), np.array([max(ends)])


GRIPPER: dict[str, Feature] = {
    "gripper_width": Feature(
        "m",
        20.0,
        values(1),
        _width,
        ("joint_position",),
        mirror=(1,),
        bounds=_widths,
        of_gripper=True,
        meaning="how far apart the gripper's fingers are",
    ),
    "grasped_from": Feature(
        "1",
        1.0,
        values(1),
        asked(GRASP),
        mirror=(-1,),
        remembered=True,
        bounds=lambda robot: (-np.ones(1), np.ones(1)),
        of_gripper=True,
        meaning="on which side what the gripper holds was grasped: 1 left, -1 right, 0 where it holds nothing",
    ),
}
"""By name."""
