# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What other installed packages bring along, found by their entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ros_rl.errors import ConfigError

AGENT_SETTINGS_GROUP = "ros_rl.agent_settings"
"""Settings classes of agents by the agents' names; the robot's nodes read them too, so they may not need torch."""
AGENTS_GROUP = "ros_rl.agents"
"""Agents by their names; see `ros_rl.agents.factory`."""
BACKEND_SETTINGS_GROUP = "ros_rl.backend_settings"
"""Settings classes of backends by the backends' names; every node reads them, so they may need neither torch nor the
robot's client."""
BACKENDS_GROUP = "ros_rl.backends"
"""Backends by their names; see `ros_rl.backends`. Only the one that is chosen is imported."""

ROBOTS_GROUP = "ros_rl.robots"
"""By the robots' names, what gives the path of their YAML file."""


def find_plugins(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by their names, not yet imported."""
    return {point.name: point for point in entry_points(group=group)}


def load_plugin(point: EntryPoint) -> Any:
    """What an entry point names.

    Raises:
        ConfigError: It cannot be imported.
    """
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"entry point {point.name} = {point.value} of {point.group} cannot be loaded: {error}"
        ) from None


def load_plugins(group: str) -> dict[str, Any]:
    """What the entry points of a group name, by their names.

    Raises:
        ConfigError: One cannot be imported.
    """
    return {name: load_plugin(point) for name, point in find_plugins(group).items()}
