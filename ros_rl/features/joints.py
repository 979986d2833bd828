# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields of a robot's joints."""

from __future__ import annotations

import numpy as np

from ros_rl.features.feature import Bounds, Feature, measured, per_joint, unit
from ros_rl.robot import Robot
from ros_rl.types import Array, Tick


def _joint_position(tick: Tick, robot: Robot) -> Array:
    return tick.measurement["joint_position"] - robot.home


def _passive_position(tick: Tick, robot: Robot) -> Array:
    return tick.measurement["passive_position"] - robot.passive_home


def _passive_direction(tick: Tick, robot: Robot) -> Array:
    angle = tick.measurement["passive_position"]
    return np.concatenate([np.sin(angle), np.cos(angle)])


def _guarded_position(robot: Robot) -> Bounds:
    limits, margin = robot.limits, robot.safety.joint_margin
    return limits.lower - margin - robot.home, limits.upper + margin - robot.home


def _guarded_velocity(robot: Robot) -> Bounds:
    most = robot.fastest
    return -most, most


def _passives(robot: Robot) -> int:
    return len(robot.passive)


def _twice_passive(robot: Robot) -> int:
    return 2 * len(robot.passive)


JOINTS: dict[str, Feature] = {
    "joint_position": Feature(
        "rad",
        1.0,
        per_joint,
        _joint_position,
        ("joint_position",),
        bounds=_guarded_position,
        meaning="of the commanded joints, relative to home",
    ),
    "joint_velocity": Feature(
        "rad/s",
        0.1,
        per_joint,
        measured("joint_velocity"),
        ("joint_velocity",),
        bounds=_guarded_velocity,
        meaning="of the commanded joints",
    ),
    "joint_effort": Feature(
        "N m or N",
        0.05,
        per_joint,
        measured("joint_effort"),
        ("joint_effort",),
        meaning="torque or force of the commanded joints' motors",
    ),
    "passive_direction": Feature(
        "1",
        1.0,
        _twice_passive,
        _passive_direction,
        ("passive_position",),
        bounds=unit(_twice_passive),
        meaning="of the joints that nobody commands and that may turn freely: sines of all angles, then cosines",
    ),
    "passive_position": Feature(
        "rad or m",
        1.0,
        _passives,
        _passive_position,
        ("passive_position",),
        meaning="of the joints that nobody commands, relative to home",
    ),
    "passive_velocity": Feature(
        "rad/s",
        0.1,
        _passives,
        measured("passive_velocity"),
        ("passive_velocity",),
        meaning="of the joints that nobody commands",
    ),
}
"""By name."""
