# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What other installed packages bring along, found by their entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from ros_rl.errors import ConfigError

AGENT_SETTINGS_GROUP = "ros_rl.agent_settings"
"""Settings classes of agents by the agents' names; the robot's nodes read them too, so they may not need torch."""
AGENTS_GROUP = "ros_rl.agents"
"""Agents by their names; see `ros_rl.agents.factory`."""


def load_plugins(group: str) -> dict[str, Any]:
    """What the entry points of a group name.

    Raises:
        ConfigError: One cannot be imported.
    """
    found = {}
    for point in entry_points(group=group):
        try:
            found[point.name] = point.load()
        except (ImportError, AttributeError) as error:
            raise ConfigError(
                f"entry point {point.name} = {point.value} of {group} cannot be loaded: {error}"
            ) from None
    return found
