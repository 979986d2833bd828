# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""RViz for a robot, and what tells it the robot's links, as actions of launch."""

from __future__ import annotations

from typing import Any

from launch_ros.actions import Node

from ros_rl.backends.robot_description import known_description
from ros_rl.nodes.rviz_files import configuration, fixed_frame
from ros_rl.robot.model_files import ros_shares
from ros_rl.settings.tree import Settings

_PUBLISHER = "robot_state_publisher"
_REMAPPINGS = [("/tf", "tf"), ("/tf_static", "tf_static"), ("/clock", "clock")]


def state_publisher_installed() -> bool:
    """Whether the publisher of links is there."""
    return any((share / _PUBLISHER).is_dir() for share in ros_shares())


def state_publisher(settings: Settings, namespace: str) -> list[Any]:
    """What publishes the robot's links; nothing for a robot without a URDF."""
    description = known_description(settings.load_robot())
    if not description:
        return []
    return [
        Node(
            package=_PUBLISHER,
            executable=_PUBLISHER,
            namespace=namespace,
            parameters=[{"robot_description": description}, _clock(settings)],
            remappings=_REMAPPINGS,
        )
    ]


def rviz(settings: Settings, namespace: str) -> list[Any]:
    """RViz with the robot's configuration."""
    robot = settings.load_robot()
    return [
        Node(
            package="rviz2",
            executable="rviz2",
            namespace=namespace,
            arguments=["-d", str(configuration(robot)), "-f", fixed_frame(robot)],
            parameters=[_clock(settings)],
            remappings=_REMAPPINGS,
        )
    ]


def _clock(settings: Settings) -> dict[str, bool]:
    return {"use_sim_time": settings.driver.mode == "lock_step"}
