# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The control graph that ``--agent`` names, or that ships, and the run that brings one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ros_rl.cli.options import check_task, overrides_of, require, settings_of
from ros_rl.errors import ConfigError, RosRlError
from ros_rl.resources import share_path
from ros_rl.settings.loading import parse_override
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.tree import Settings
from ros_rl.tasks import Task, make_task
from ros_rl.tasks.gym_task import GymTask

if TYPE_CHECKING:
    from ros_rl.deploy.contract import Contract
    from ros_rl.training.saved_run import SavedRun


def agent_of(options: argparse.Namespace, **overrides: Any) -> tuple[Settings, bytes]:
    """Settings and control graph of what --agent names: a file as it is, or a run's folder under these settings.

    Raises:
        RosRlError: It cannot be read, or does not fit the other options.
    """
    if is_run(options):
        from ros_rl.training.earlier_run import run_settings
        from ros_rl.training.saved_run import graph_of_run

        found = graph_of_run(options.agent, options.task, overrides_of(options, **overrides))
        _tell_beyond(options.agent, run_settings(options.agent).task, found[0].task)
        return found
    from ros_rl.deploy.agent_file import checked_agent, contract_of

    refuse_agent_settings(options)
    chooser = next(name for name, kind in AGENT_SETTINGS.items() if kind.discrete)
    contract = contract_of(options.agent)
    choices = bool(contract.choices)
    try:  # no agent's settings act here, but those of another kind do not fit choices
        settings = settings_of(options, **overrides, **({"agent.name": chooser} if choices else {}))
    except ConfigError:
        settings = settings_of(options, **overrides)  # where the file does not fit, that is told
    agent = checked_agent(options.agent, settings)
    _tell_beyond(options.agent, _task_of(contract), settings.task)
    return settings, agent


def _task_of(contract: Contract) -> Task | None:
    """The task that an agent learned, as its file recorded it; None where it did not, or that cannot be read."""
    config = contract.provenance.get("config")
    recorded = config.get("task") if isinstance(config, dict) else None
    if not isinstance(recorded, dict):
        return None
    try:
        return make_task(str(recorded.get("name", "")), {key: recorded[key] for key in recorded if key != "name"})
    except RosRlError:
        return None


def _tell_beyond(agent: Path, learned: Task | None, asked: Task) -> None:
    """Say what the settings let a task ask for that is beyond what it asked the agent for while that learned."""
    bounds = {} if learned is None else learned.input_bounds()
    for name, (low, high) in asked.input_bounds().items():
        least, most = bounds.get(name, (low, high))
        if (low < least).any() or (high > most).any():
            was, now = f"from {least} to {most}", f"{low} to {high}"
            print(f"ros-rl: agent {agent} learned with {name} {was}; these settings ask for {now}", file=sys.stderr)


def shipped_agent(task: str) -> Path:
    """The control graph that ships for a task.

    Raises:
        UnknownNameError: There is no such task.
        ConfigError: None ships for it.
    """
    check_task(task)
    agents = {path.parent.name: path for path in share_path("models").glob("*/agent.onnx")}
    if task not in agents:
        raise ConfigError(
            f"no agent ships for task '{task}': --agent FILE; there is one for {', '.join(sorted(agents))}"
        )
    return agents[task]


def saved_run(path: Path, overrides: Sequence[str]) -> SavedRun:
    """A run that comes back, of a robot or in an environment.

    Raises:
        RosRlError: See `SavedRun`.
    """
    from ros_rl.training.earlier_run import run_settings
    from ros_rl.training.saved_run import SavedRun

    if not isinstance(run_settings(path).task, GymTask):
        return SavedRun(path, overrides)
    require("gymnasium")
    from ros_rl.gym.saved_run import saved_run as saved_gym_run

    return saved_gym_run(path, overrides)


def is_run(options: argparse.Namespace) -> bool:
    """Whether --agent names a run's folder, and the other options can stand with that.

    Raises:
        ConfigError: They cannot.
        MissingDependencyError: What makes a control graph of its networks is not installed.
    """
    if not options.agent.is_dir():
        return False
    if options.params_file:
        raise ConfigError(f"--params-file has no use with --agent {options.agent}: a run brings its own settings")
    if getattr(options, "preset", None) is not None:
        raise ConfigError(f"--preset has no use with --agent {options.agent}: a run brings its own settings")
    require("torch", "onnx")
    return True


def refuse_agent_settings(options: argparse.Namespace) -> None:
    """A control graph's file is as it is.

    Raises:
        ConfigError: --set is about the agent.
    """
    for item in options.set:
        if "agent" in parse_override(item):
            raise ConfigError(
                f"--set '{item}' cannot change the agent file {options.agent}: use --agent with its run's folder, "
                f"or make another file: ros-rl export RUN --set {item} --out FILE"
            )
