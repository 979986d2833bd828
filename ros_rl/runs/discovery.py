# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How far ROS looks for other processes: to the end of this machine, unless somebody asked for more."""

from __future__ import annotations

from collections.abc import MutableMapping

RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"
"""What Jazzy and newer read; there `ROS_LOCALHOST_ONLY` counts as well, and is out of date."""
_LOCAL, _NETWORK = "LOCALHOST", "SUBNET"


def set_discovery(environment: MutableMapping[str, str], network: bool = False) -> None:
    """Before rclpy is imported: stay on this machine, unless a variable that is set already says otherwise.

    Args:
        environment: Of this process and those that it starts.
        network: Look in the whole local network, whatever is set.
    """
    humble = environment.get("ROS_DISTRO") == "humble"
    if network:
        environment[RANGE] = _NETWORK
        environment.pop("ROS_LOCALHOST_ONLY", None)
    elif RANGE not in environment and "ROS_LOCALHOST_ONLY" not in environment:
        environment["ROS_LOCALHOST_ONLY" if humble else RANGE] = "1" if humble else _LOCAL
