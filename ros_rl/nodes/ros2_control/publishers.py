# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who else publishes commands: with two publishers a controller does what either of them says."""

from __future__ import annotations

import os

from rclpy.node import Node

COMMANDS, LINK = "ros_rl_commands_", "ros_rl_link_"
"""How the nodes of a driver are called; its process's number follows."""
_UNKNOWN = "NODE_NAME_UNKNOWN"


def own_name(kind: str, process: int | None = None) -> str:
    """Name of a node of a driver's.

    Args:
        kind: `COMMANDS` or `LINK`.
        process: Number of the driver's process; None for this one.
    """
    return f"{kind}{os.getpid() if process is None else process}"


def others(node: Node, topic: str, driver: int) -> list[str]:
    """Full names of the nodes that publish there besides a driver's own.

    Links do not count: they publish only if their command node fails, and one that was killed is seen for a while.

    Args:
        node: Looks.
        topic: Absolute name.
        driver: Number of the driver's process.
    """
    found = []
    for item in node.get_publishers_info_by_topic(topic):
        name = item.node_name
        if name != own_name(COMMANDS, driver) and not name.startswith(LINK) and _UNKNOWN not in name:
            found.append(f"{item.node_namespace.rstrip('/')}/{name}")
    return sorted(found)
