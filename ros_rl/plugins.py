# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What other installed packages bring along, found by their entry points."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from ros_rl.errors import ConfigError, MissingDependencyError, one_line

Row = TypeVar("Row")
_LOG = logging.getLogger(__name__)

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
EXPERTS_GROUP = "ros_rl.experts"
"""Classes of scripted experts by their names; see `ros_rl.experts.expert`."""
FEATURES_GROUP = "ros_rl.features"
"""Observation fields by their names; see `ros_rl.features`."""
BACKEND_SETTINGS_GROUP = "ros_rl.backend_settings"
"""Settings classes of backends by the backends' names; every node reads them, so they may need neither torch nor the
robot's client."""
BACKENDS_GROUP = "ros_rl.backends"
"""Backends by their names; see `ros_rl.backends`. Only the one that is chosen is imported."""
ROBOTS_GROUP = "ros_rl.robots"
"""By the robots' names, what gives the path of their YAML file."""
SCENES_GROUP = "ros_rl.scenes"
"""By the scenes' names, what gives the path of their YAML file; see `ros_rl.scenes`."""
PYBULLET_SENSORS_GROUP = "ros_rl.pybullet_sensors"
"""How PyBullet measures a sensor, by the sensor's name; see `ros_rl.backends.pybullet.sensors`."""
MUJOCO_SENSORS_GROUP = "ros_rl.mujoco_sensors"
"""The same of MuJoCo; see `ros_rl.backends.mujoco.instant`."""

LOGGERS_GROUP = "ros_rl.loggers"
"""Where the curves of a training go, by name; see `ros_rl.training.scalars.Logger`."""


@cache
def _installed(path: tuple[str, ...]) -> Any:
    """The entry points of all packages on Python's path: looking for them takes longer than loading most modules."""
    return entry_points()


def find_plugins(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by their names, not yet imported; without those that two packages give alike."""
    found: dict[str, EntryPoint] = {}
    twice: set[str] = set()
    for point in _installed(tuple(sys.path)).select(group=group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            twice.add(point.name)
            _LOG.warning(
                "entry point %s of %s is given by two packages, as %s and as %s: both are left out",
                point.name,
                group,
                other.value,
                point.value,
            )
    return {name: point for name, point in found.items() if name not in twice}


def load_plugin(point: EntryPoint) -> Any:
    """What an entry point names.

    Raises:
        ConfigError: It cannot be imported.
        MissingDependencyError: What it says itself that it lacks.
    """
    try:
        return point.load()
    except MissingDependencyError:
        raise
    except Exception as error:  # it is anybody's code
        kind = "" if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: "
        raise ConfigError(
            f"entry point {point.name} = {point.value} of {point.group} cannot be loaded: {kind}{one_line(error)}"
        ) from None


@cache
def load_plugins(group: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What the entry points of a group name, by their names, and what is wrong with those that cannot be loaded.

    The latter are told in one line each: what is broken of one package does not break the others.
    """
    rows: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, point in find_plugins(group).items():
        try:
            rows[name] = load_plugin(point)
        except (ConfigError, MissingDependencyError) as error:
            problems[name] = str(error)
            _LOG.warning("%s; it is left out", error)
    return rows, problems


class Table(MutableMapping[str, Row]):
    """Rows by name: this package's own, and those that entry points of other packages name.

    The latter are loaded when somebody first looks: they import the module that the table stands in. One that cannot be
    loaded is not in the table, and whoever asks for it is told why by a ConfigError. A name that ros_rl itself gives
    stays its own.

    Args:
        group: Of the entry points.
        rows: The package's own.
    """

    def __init__(self, group: str, rows: Mapping[str, Row]) -> None:
        self._group, self._own = group, rows

    @cached_property
    def _rows(self) -> dict[str, Row]:
        for problem in self._taken.values():
            _LOG.warning("%s: it is left out", problem)
        others = load_plugins(self._group)[0]
        return {**self._own, **{name: row for name, row in others.items() if name not in self._own}}

    @property
    def _taken(self) -> dict[str, str]:
        """What is wrong with entry points that name what ros_rl itself names."""
        both = load_plugins(self._group)[0].keys() & self._own.keys()
        return {name: f"entry point {name} of {self._group} has a name that ros_rl itself gives" for name in both}

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong with the entry points that gave no row, by their names."""
        return {**load_plugins(self._group)[1], **self._taken}

    def __getitem__(self, name: str) -> Row:
        problems = {} if name in self._rows else load_plugins(self._group)[1]
        if name in problems:
            raise ConfigError(problems[name])
        return self._rows[name]

    def __setitem__(self, name: str, row: Row) -> None:
        self._rows[name] = row

    def __delitem__(self, name: str) -> None:
        del self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
