# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Contract 1: a robot's joints, limits, home pose, gains and action map, read from one YAML file."""

from ros_rl.robot.camera import Camera
from ros_rl.robot.gripper import Gripper
from ros_rl.robot.limits import JointLimits, SafetyLimits
from ros_rl.robot.loading import is_file, load_robot, robot_names
from ros_rl.robot.robot import EFFORT, POSITION, VELOCITY, Robot, Simulation

__all__ = [
    "EFFORT",
    "POSITION",
    "VELOCITY",
    "Camera",
    "Gripper",
    "JointLimits",
    "Robot",
    "SafetyLimits",
    "Simulation",
    "is_file",
    "load_robot",
    "robot_names",
]
