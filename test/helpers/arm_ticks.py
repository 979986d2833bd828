# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Ticks of an arm at any pose, and its command maps."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ros_rl.commands import CommandMap
from ros_rl.robot import Robot, load_robot
from ros_rl.settings.commands import COMMAND_SETTINGS
from ros_rl.types import Measurement, SafetyState, Tick

PERIOD = 0.05
UR5E = load_robot("ur5e")


def arm_tick(robot: Robot, position: np.ndarray, previous: np.ndarray, pending: Any = ()) -> Tick:
    """A tick of a robot at a place, after one command and before others."""
    return Tick(
        stamp=1,
        index=1,
        episode=0,
        step=1,
        safety=SafetyState.RUNNING,
        intact=True,
        origin=np.zeros(3),
        previous_command=np.array(previous, dtype=np.float64).reshape(-1),
        pending_commands=np.array(pending, dtype=np.float64).reshape(-1, robot.size),
        measurement=Measurement(joint_position=np.asarray(position, dtype=np.float64)),
    )


def at_home(robot: Robot, delay: int = 1) -> Tick:
    """A tick of a robot at rest at home."""
    return arm_tick(robot, robot.home, robot.neutral_command, [robot.neutral_command] * delay)


def make_map(name: str, robot: Robot = UR5E, period: float = PERIOD, **settings: Any) -> CommandMap:
    """A command map by its name and what differs of its settings."""
    return COMMAND_SETTINGS[name](**settings).make(name, robot, period)


def with_gripper(step: float = 1.0) -> Robot:
    """The xArm6 with its gripper, which may go its whole way in a period of half a second."""
    pytest.importorskip("pybullet_data")  # has the xArm6's model
    robot = replace(load_robot("xarm6_gripper"), simulation=load_robot("xarm6").simulation)
    limits = robot.limits
    return replace(robot, limits=replace(limits, step=np.where(limits.step < 1.0, step, limits.step)))
