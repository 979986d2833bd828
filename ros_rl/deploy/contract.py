# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a control graph promises, carried as JSON in its metadata (contract 6)."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from ros_rl.config import completed
from ros_rl.errors import ContractError
from ros_rl.formats.json_text import check_entries, json_object
from ros_rl.layout import Layout
from ros_rl.settings.commands import described, differing
from ros_rl.tasks import Task

FORMAT_VERSION = 1
METADATA_KEY = "ros_rl.contract"
MAX_CHARACTERS = 4_000_000
"""Of a contract; most of it is the configuration that the provenance keeps."""
MAX_VALUES = 10_000_000
"""Of the carry, the noise or an output: 40 MB. The planner that ships draws 8,172 numbers for a decision."""
MAX_NAMES = 1_000
"""Joints, observation fields or outputs."""

_OPTIONAL = {"provenance", "coupling", "choices", "commands"}
_LEFT_OUT = _OPTIONAL - {"provenance"}
"""Where they say nothing."""
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Contract:
    """Everything that a controller checks before it lets a graph act."""

    robot: str
    task: str
    joints: list[str]
    """Names of the actions, which are joints or move several of them."""
    fields: list[dict[str, Any]]
    """Observation fields and images, each with name, shape, dtype and unit; the graph's inputs of the same names."""
    control_period: float
    """[s]"""
    delay: int
    """Control periods between a decision and its action."""
    carry: list[float]
    """Initial carry; empty if the graph has none."""
    noise: list[int]
    """Shape of the standard normal input ``noise``; empty if the graph needs none."""
    telemetry: dict[str, list[int]]
    """Name and shape of each further output."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """Config, commit, robot minutes, score, version, whether it acts at random."""
    coupling: dict[str, dict[str, float]] = field(default_factory=dict)
    """By action and joint the command offset at action 1; empty where actions are joints."""
    commands: dict[str, Any] = field(default_factory=dict)
    """Name and settings of the map from actions to joint commands; empty for the robot's own actions."""
    choices: int = 0
    """Number of discrete actions, of which the graph gives one's index; 0 for continuous ones."""
    format_version: int = FORMAT_VERSION

    @property
    def random(self) -> bool:
        """Whether the graph acts at random, as a training's first one does."""
        return self.provenance.get("random") is True

    def to_json(self) -> str:
        """JSON at full precision."""
        data = {name: value for name, value in vars(self).items() if value or name not in _LEFT_OUT}
        return json.dumps(data)

    @classmethod
    def from_json(cls, text: str) -> Contract:
        """Read a contract.

        Raises:
            ContractError: Not JSON, another format version, an entry that is missing or unknown, or a value that cannot
                be; see `check_values`.
        """
        try:
            data = json_object(text, MAX_CHARACTERS, finite=False)  # settings may be infinite
            check_entries(data, {"format_version": int})
        except ContractError as error:
            raise ContractError(f"control graph has no readable contract: {error}") from None
        version = data["format_version"]
        if version != FORMAT_VERSION:
            raise ContractError(f"control graph has format version {version}, this ros_rl reads {FORMAT_VERSION}")
        try:
            _check_names(data, {item.name for item in fields(cls)})
            contract = cls(**data)
            contract.check_values()
        except ContractError as error:
            raise ContractError(f"control graph has no readable contract: {error}") from None
        return contract

    def check_values(self) -> None:
        """Refuse values that no control graph has: of another kind, not finite, negative or absurdly large.

        Raises:
            ContractError: Naming the entry, its value and what would be right.
        """
        _expect("robot", self.robot, "a name", _is_name(self.robot))
        _expect("task", self.task, "a name", _is_name(self.task))
        _expect("joints", self.joints, "names", _are_names(self.joints) and len(self.joints) > 0)
        _expect(
            "fields", self.fields, "a list of fields", isinstance(self.fields, list) and len(self.fields) <= MAX_NAMES
        )
        for item in self.fields:
            _expect("fields", item, "name, shape, dtype and unit", _is_field(item))
        names = [item["name"] for item in self.fields]
        _expect("fields", names, "each name once", len(set(names)) == len(names))
        period, delay = self.control_period, self.delay
        _expect("control_period", period, "0 to 1000 s", _is_number(period) and 0 < period <= 1000)
        _expect("delay", delay, "0 to 1000 periods", _is_whole(delay) and 0 <= delay <= 1000)
        _expect("choices", self.choices, "a whole number, not negative", _is_whole(self.choices) and self.choices >= 0)
        carry = isinstance(self.carry, list) and len(self.carry) <= MAX_VALUES and all(map(_is_float32, self.carry))
        _expect("carry", self.carry, f"at most {MAX_VALUES} finite numbers", carry)
        _expect("noise", self.noise, f"a shape of at most {MAX_VALUES} values", _is_shape(self.noise))
        telemetry = isinstance(self.telemetry, dict) and len(self.telemetry) <= MAX_NAMES
        shapes = telemetry and all(_is_name(name) and _is_shape(shape) for name, shape in self.telemetry.items())
        _expect("telemetry", self.telemetry, f"names with shapes of at most {MAX_VALUES} values", shapes)
        coupling = isinstance(self.coupling, dict) and all(map(_is_move, self.coupling.values()))
        _expect("coupling", self.coupling, "finite offsets by joint, by action", coupling)
        commands = isinstance(self.commands, dict) and len(self.commands) <= MAX_NAMES
        named = not self.commands or (commands and _is_name(self.commands.get("name")))
        _expect("commands", self.commands, "a map's name and settings", commands and named)
        _expect("provenance", self.provenance, "entries by name", isinstance(self.provenance, dict))

    def check(self, spec: Layout, task: str | None, control_period: float) -> None:
        """Refuse a graph that does not fit the robot, its observation, its rate or its delay.

        Args:
            spec: The controller's own observation layout.
            task: The controller's task; None accepts any.
            control_period: The controller's own period [s].

        Raises:
            ContractError: Naming what differs, with the two values.
        """
        own = {
            "robot": (self.robot, spec.name),
            "task": (self.task, self.task if task is None else task),
            "commands": (described(self.commands), dict(spec.commands)),
            "actions": (self.joints, list(spec.actions)),
            "coupling": (self.coupling, dict(spec.coupling)),
            "delay": (self.delay, spec.delay),
            "observation fields": (self.fields, spec.describe()),
            "choices": (self.choices, spec.choices),
        }
        for what, (graph, robot) in own.items():
            if graph != robot:
                what, graph, robot = _first_difference(what, graph, robot)
                fix = f": use control.delay={graph}" if what == "delay" else ""
                raise ContractError(f"control graph is for {what} {graph}, the controller has {robot}{fix}")
        if abs(self.control_period - control_period) > 1e-9:
            raise ContractError(
                f"control graph is for a control period of {self.control_period:g} s, "
                f"the controller has {control_period:g} s: use control.rate_hz={1.0 / self.control_period:g}"
            )

    def check_reward(self, task: Task) -> None:
        """Refuse a graph that plans with another reward or termination than the task's: both are part of the graph.

        A setting that the provenance does not name was none yet (`ros_rl.config.completed`). A graph that no training
        made says nothing and is not compared.

        Raises:
            ContractError: Naming the setting, both values and what to do.
        """
        config = self.provenance.get("config")
        made_for = config.get("task") if isinstance(config, dict) else None
        if not isinstance(made_for, dict):
            return
        made_for = completed(type(task), made_for)
        for item in fields(task):  # type: ignore[arg-type]
            name = item.name
            graph, own = _as_json(made_for.get(name)), _as_json(getattr(task, name))
            if name not in task.not_planned and graph != own:
                raise ContractError(
                    f"control graph was made for task.{name}={graph} and cannot change it, the settings say {own}: use "
                    f"--set task.{name}={graph}, or make another: ros-rl export RUN --set task.{name}={own} --out FILE"
                )


def _as_json(value: Any) -> Any:
    return [*value] if isinstance(value, tuple) else value


def _first_difference(what: str, graph: Any, robot: Any) -> tuple[str, Any, Any]:
    """Of two lists, or command maps, the first entries that differ; anything else as it is."""
    if what == "commands":
        key, (one, other) = next(iter(differing(graph, robot).items()))
        return f"control.commands.{key}", one, other
    if not isinstance(graph, list) or not isinstance(robot, list):
        return what, graph, robot
    pairs = enumerate(zip_longest(graph, robot, fillvalue="nothing"), start=1)
    number, (one, other) = next((number, pair) for number, pair in pairs if pair[0] != pair[1])
    return f"{what}, of which number {number} is", one, other


def _check_names(data: dict[str, Any], known: Collection[str]) -> None:
    missing, unknown = sorted(set(known) - set(data) - _OPTIONAL), sorted(set(data) - set(known))
    if missing or unknown:
        raise ContractError(
            f"missing {', '.join(missing) or 'nothing'}; unknown {', '.join(unknown)[:200] or 'nothing'}"
        )


def _expect(name: str, value: object, right: str, holds: bool) -> None:
    if not holds:
        raise ContractError(f"'{name}' is {str(value)[:200]}, expected {right}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_float32(value: Any) -> bool:
    return _is_number(value) and abs(value) <= _LARGEST


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255


def _are_names(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MAX_NAMES and all(map(_is_name, value))


def _is_move(value: object) -> bool:
    return isinstance(value, dict) and len(value) <= MAX_NAMES and all(map(_is_float32, value.values()))


def _is_shape(value: object) -> bool:
    if not isinstance(value, list) or len(value) > 16 or not all(_is_whole(size) and size >= 0 for size in value):
        return False
    return math.prod(value) <= MAX_VALUES


def _is_field(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"name", "shape", "dtype", "unit"}
        and _is_name(value["name"])
        and _is_shape(value["shape"])
        and value["dtype"] in ("float32", "uint8")
        and isinstance(value["unit"], str)
    )


def without_folders(value: Any) -> Any:
    """Plain data for a graph that others get: of absolute paths in it the last part, for nobody else has the rest."""
    if isinstance(value, Mapping):
        return {name: without_folders(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(item) for item in value]
    path = PurePosixPath(value) if isinstance(value, str) else None
    return path.name if path is not None and path.is_absolute() and len(path.parts) > 2 else value
