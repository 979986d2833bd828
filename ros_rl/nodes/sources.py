# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which robot a node's data are of."""

from __future__ import annotations

from rclpy.node import Node


def source_of(node: Node, robot: str) -> str:
    """The name of the robot that a node works for: its namespace or, in none, the robot's own.

    Args:
        node: Of the robot's graph.
        robot: Name of its description.
    """
    return str(node.get_namespace()).strip("/") or robot
