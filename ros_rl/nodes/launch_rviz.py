# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""RViz for a robot, as actions of launch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from launch_ros.actions import Node

from ros_rl.backends.robot_description import robot_description
from ros_rl.resources import share_path
from ros_rl.robot import Robot
from ros_rl.settings.tree import Settings

_FLOATING, _FIXED = "a1", "xarm6"
"""Robots whose configurations serve those that have none, by whether their base moves."""


def rviz_nodes(settings: Settings, namespace: str) -> list[Any]:
    """RViz, and what gives it the robot's links."""
    robot = settings.load_robot()
    remappings = [("/tf", "tf"), ("/tf_static", "tf_static"), ("/clock", "clock")]
    clock = {"use_sim_time": settings.driver.mode == "lock_step"}
    publisher = Node(
        package="robot_state_publisher",
        executable="robot_state_publisher",
        namespace=namespace,
        parameters=[{"robot_description": robot_description(robot)}, clock],
        remappings=remappings,
    )
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        namespace=namespace,
        arguments=["-d", str(_configuration(robot)), "-f", "odom" if robot.floating_base else robot.base_frame],
        parameters=[clock],
        remappings=remappings,
    )
    return [publisher, rviz]


def _configuration(robot: Robot) -> Path:
    """The robot's own, or that of one like it."""
    folder = share_path("config", "rviz")
    own = folder / f"{robot.name}.rviz"
    return own if own.is_file() else folder / f"{_FLOATING if robot.floating_base else _FIXED}.rviz"
