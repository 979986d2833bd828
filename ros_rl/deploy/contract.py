# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a control graph promises, carried as JSON in its metadata (contract 6)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ros_rl.errors import ContractError
from ros_rl.layout import Layout
from ros_rl.tasks import Task

FORMAT_VERSION = 1
METADATA_KEY = "ros_rl.contract"


@dataclass(frozen=True)
class Contract:
    """Everything that a controller checks before it lets a graph act."""

    robot: str
    task: str
    joints: list[str]
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
    """Config, commit, robot minutes, score, version."""
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """JSON at full precision."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Contract:
        """Read a contract.

        Raises:
            ContractError: Not JSON, another format version, or a missing entry.
        """
        try:
            data = json.loads(text)
            version = data["format_version"]
            if version != FORMAT_VERSION:
                raise ContractError(f"control graph has format version {version}, this ros_rl reads {FORMAT_VERSION}")
            return cls(**data)
        except (ValueError, KeyError, TypeError) as error:
            raise ContractError(f"control graph has no readable contract: {error}") from None

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
            "joints": (self.joints, list(spec.joints)),
            "observation fields": (self.fields, spec.describe()),
            "delay": (self.delay, spec.delay),
        }
        for what, (graph, robot) in own.items():
            if graph != robot:
                raise ContractError(f"control graph is for {what} {graph}, the controller has {robot}")
        if abs(self.control_period - control_period) > 1e-9:
            raise ContractError(
                f"control graph is for a control period of {self.control_period} s, "
                f"the controller has {control_period} s"
            )

    def check_reward(self, task: Task) -> None:
        """Refuse a graph that plans with another reward or termination than the task's: both are part of the graph.

        What the provenance does not name, as in a graph that no training made, is not compared.

        Raises:
            ContractError: Naming the setting, both values and what to do.
        """
        made_for = self.provenance.get("config", {}).get("task", {})
        for item in fields(task):  # type: ignore[arg-type]
            name, own = item.name, getattr(task, item.name)
            graph = made_for.get(name, own)
            if name not in task.not_planned and graph != own:
                raise ContractError(
                    f"control graph was made for task.{name}={graph} and cannot change it, the settings say {own}: use "
                    f"--set task.{name}={graph}, or make another: ros-rl export RUN --set task.{name}={own} --out FILE"
                )
