# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Lets a controller act: ros2 launch ros_rl run.launch.py task:=a1_walk agent:=<file>."""

from launch import LaunchDescription

from ros_rl.nodes.launching import launch_description
from ros_rl.runs.bringup import RUN


def generate_launch_description() -> LaunchDescription:
    """Describe the graph; ``ros2 launch ... --show-args`` lists the arguments."""
    return launch_description(RUN)
