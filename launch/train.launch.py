# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Trains a controller: ros2 launch ros_rl train.launch.py task:=a1_walk driver:=pybullet."""

from launch import LaunchDescription

from ros_rl.nodes.launching import launch_description
from ros_rl.runs.bringup import TRAIN


def generate_launch_description() -> LaunchDescription:
    """Describe the graph; ``ros2 launch ... --show-args`` lists the arguments."""
    return launch_description(TRAIN)
