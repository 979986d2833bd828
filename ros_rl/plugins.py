# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What other installed packages bring along, found by their entry points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from ros_rl.errors import ConfigError

Row = TypeVar("Row")

AGENT_SETTINGS_GROUP = "ros_rl.agent_settings"
"""Settings classes of agents by the agents' names; the robot's nodes read them too, so they may not need torch."""
AGENTS_GROUP = "ros_rl.agents"
"""Agents by their names; see `ros_rl.agents.factory`."""
TASKS_GROUP = "ros_rl.tasks"
"""Classes of tasks by the tasks' names; see `ros_rl.tasks.task`."""
SENSORS_GROUP = "ros_rl.sensors"
"""Sensors by their names; see `ros_rl.sensors.sensor`."""
INPUTS_GROUP = "ros_rl.inputs"
"""Inputs of tasks by their names; see `ros_rl.sensors.inputs`."""
FEATURES_GROUP = "ros_rl.features"
"""Observation fields by their names; see `ros_rl.features`."""
BACKEND_SETTINGS_GROUP = "ros_rl.backend_settings"
"""Settings classes of backends by the backends' names; every node reads them, so they may need neither torch nor the
robot's client."""
BACKENDS_GROUP = "ros_rl.backends"
"""Backends by their names; see `ros_rl.backends`. Only the one that is chosen is imported."""
ROBOTS_GROUP = "ros_rl.robots"
"""By the robots' names, what gives the path of their YAML file."""
PYBULLET_SENSORS_GROUP = "ros_rl.pybullet_sensors"
"""How PyBullet measures a sensor, by the sensor's name; see `ros_rl.backends.pybullet.sensors`."""


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


def with_plugins(group: str, own: Mapping[str, Row]) -> dict[str, Row]:
    """This package's own rows and those of entry points, by name.

    Raises:
        ConfigError: One cannot be imported, or has a name that ros_rl itself gives.
    """
    others = load_plugins(group)
    twice = [name for name in others if name in own]
    if twice:
        raise ConfigError(f"entry point {twice[0]} of {group} has a name that ros_rl itself gives")
    return {**own, **others}


class Table(MutableMapping[str, Row]):
    """Rows by name: this package's own, and those that entry points of other packages name.

    The latter are loaded when somebody first looks: they import the module that the table stands in.

    Args:
        group: Of the entry points.
        rows: The package's own.
    """

    def __init__(self, group: str, rows: Mapping[str, Row]) -> None:
        self._group, self._own = group, rows

    @cached_property
    def _rows(self) -> dict[str, Row]:
        return with_plugins(self._group, self._own)

    def __getitem__(self, name: str) -> Row:
        return self._rows[name]

    def __setitem__(self, name: str, row: Row) -> None:
        self._rows[name] = row

    def __delitem__(self, name: str) -> None:
        del self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
