# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Sets of settings under a name: presets for any task and agent, tuned settings of one agent, variants of tasks.

They are `config/presets/*.yaml`, `config/agents/*.yaml` and `config/variants/*.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ros_rl.config import build, merge, variant_name
from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.formats.parameters_file import read_parameters_file
from ros_rl.formats.yaml_text import first_comment
from ros_rl.resources import share_path
from ros_rl.settings.nodes import NODES
from ros_rl.settings.registry import AGENT_NAMES, AGENT_SETTINGS
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask

_AGENTS, _VARIANTS, _TASKS = "agents", "variants", "tasks"
_MEASURED = "# Measured: "


@dataclass(frozen=True)
class Preset:
    """What holds whatever the agent is, and what is each agent's own.

    Attributes:
        name: Of its file; empty for none.
        general: Nested settings.
        agents: Nested settings of `agent`, by the agent's name; an agent that is not among them keeps its own.
        tasks: Names of those that it is a variant of; empty if it is none.
    """

    name: str = ""
    general: Mapping[str, Any] = field(default_factory=dict)
    agents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()

    def onto(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Nested settings with those of the preset taking precedence, whose agent they name."""
        general = merge(values, self.general)
        return merge(general, self._agent(_agent_of(values)))

    def merge(self, values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
        """`config.merge` of what is read later; another agent begins with what the preset has for it."""
        name = _agent_of(merge(values, over))
        return merge(values if name == _agent_of(values) else merge(values, self._agent(name)), over)

    def check_agent(self, name: str) -> None:
        """Refuse another agent than the one that the settings were tuned for; a variant of a task is for any.

        Raises:
            ConfigError: It is.
        """
        own = self.general.get("agent", {}).get("name", name)
        if own != name and not self.tasks:
            raise ConfigError(f"--preset {self.name} has settings of agent '{own}', which '{name}' is not")

    def check_task(self, name: str) -> None:
        """Refuse another task than those that the settings are a variant of.

        Raises:
            ConfigError: It is.
        """
        if self.tasks and name not in self.tasks:
            own = " or ".join(f"'{task}'" for task in self.tasks)
            raise ConfigError(f"--preset {self.name} has settings of task {own}, which '{name}' is not")

    @property
    def task(self) -> str | None:
        """Name of the one task that it is a variant of; None if it is none, or of several."""
        return self.tasks[0] if len(self.tasks) == 1 else None

    def _agent(self, name: Any) -> dict[str, Any]:
        return {"agent": {"name": name, **self.agents[name]}} if isinstance(name, str) and name in self.agents else {}


def _agent_of(values: Mapping[str, Any]) -> Any:
    """The name of the agent that nested settings mean; other things than names are refused when they are built."""
    agent = values.get("agent")
    default = variant_name(AGENT_SETTINGS, Settings().agent)
    return agent.get("name", default) if isinstance(agent, Mapping) else default


def preset_titles() -> dict[str, str]:
    """What each preset is for, by its name: the first line of its file."""
    return {path.stem: first_comment(path) for path in sorted(share_path("config", "presets").glob("*.yaml"))}


@dataclass(frozen=True)
class Tuned:
    """Settings with which an agent was measured, as the comments of their file say.

    Attributes:
        title: What they are.
        measured: What they came to, on which environment.
    """

    title: str
    measured: str


def tuned_settings() -> dict[str, Tuned]:
    """Those that ship with the package, by the name that ``--preset`` takes."""
    paths = sorted(share_path("config", _AGENTS).glob("*.yaml"))
    return {path.stem: Tuned(first_comment(path), _measured(path)) for path in paths}


def _measured(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix(_MEASURED) for line in lines if line.startswith(_MEASURED)), "")


def variant_titles() -> dict[str, str]:
    """What each variant of tasks is, by its name: the first line of its file."""
    return {path.stem: first_comment(path) for path in sorted(share_path("config", _VARIANTS).glob("*.yaml"))}


def read_preset(name: str) -> Preset:
    """A preset, tuned settings or a variant that ship with the package.

    Raises:
        UnknownNameError: There is none of that name.
        ConfigError: A setting in it is wrong.
    """
    names = {**dict.fromkeys(preset_titles(), "presets"), **dict.fromkeys(tuned_settings(), _AGENTS)}
    names |= dict.fromkeys(variant_titles(), _VARIANTS)
    if name not in names:
        raise UnknownNameError("preset", name, names)
    path = share_path("config", names[name]) / f"{name}.yaml"
    general = read_parameters_file(path, NODES)
    agents, tasks = general.pop(_AGENTS, {}), general.pop(_TASKS, [])
    task = {"task": {"name": next(iter(tasks), GymTask.name)}}  # the latter fits every agent
    build(Settings, merge(task, general), source=str(path))
    if not isinstance(agents, Mapping):
        raise ConfigError(f"{path}: '{_AGENTS}' is {agents!r}, expected groups of settings by the agent's name")
    for agent, values in agents.items():
        if agent not in AGENT_SETTINGS:
            raise ConfigError(f"{path}: unknown agent '{agent}' in 'agents'; valid: {', '.join(AGENT_NAMES)}")
        build(AGENT_SETTINGS[agent], values, f"{_AGENTS}.{agent}", str(path))
    own = general.get("task", {}).get("name")
    return Preset(name, general, agents, tuple(tasks) if own is None else (own,))
