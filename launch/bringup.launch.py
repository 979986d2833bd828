# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Brings a robot up, to look at and to drive by hand: ros2 launch ros_rl bringup.launch.py robot:=a1 rviz:=true."""

from launch import LaunchDescription

from ros_rl.nodes.launching import launch_description
from ros_rl.runs.bringup import BRING_UP


def generate_launch_description() -> LaunchDescription:
    """Describe the graph; ``ros2 launch ... --show-args`` lists the arguments."""
    return launch_description(BRING_UP)
