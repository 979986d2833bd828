# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What somebody asks to act in an environment: a control graph's file, or a run whose networks make one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ros_rl.config import expand, iterate
from ros_rl.deploy.agent_file import agent_named, contract_of, read_agent, try_agent
from ros_rl.deploy.contract import Contract
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, ContractError
from ros_rl.gym.actor import MakeActor, OnnxActor
from ros_rl.gym.environment import Environment
from ros_rl.layout import LAST_ACTION, Layout
from ros_rl.runs.run_folder import CONFIG
from ros_rl.settings.recorded import load_run
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import OBSERVATION, GymTask

_BYTES = "uint8"
_OF_GRAPH = ("agent.", "control.")
"""Settings that a control graph in an environment is made of."""


@dataclass(frozen=True)
class Acting:
    """A control graph and an environment that fit each other.

    Attributes:
        settings: That hold; their task is the environment's.
        environment: Its own.
        make_actor: Makes what acts, without exploring.
    """

    settings: Settings
    environment: Environment
    make_actor: MakeActor


def acting_file(path: Path, settings: Settings, render_mode: str | None) -> Acting:
    """A control graph's file in an environment.

    Args:
        path: The file (ONNX).
        settings: Their task is the environment's; arguments that it lacks are those of the run that made the file.
        render_mode: See `Environment`.

    Raises:
        GraphError: It is missing or broken, or takes too much time or memory.
        ContractError: It is for something else.
        ConfigError: The environment cannot be made.
    """
    assert isinstance(settings.task, GymTask)
    model, contract = read_agent(path), contract_of(path)
    recorded = contract.provenance.get("config", {}).get("task", {})
    settings = replace(settings, task=settings.task.after(recorded.get("env", ""), recorded.get("env_args", {})))
    environment = _environment(settings, contract, render_mode)
    with agent_named(path):
        graph = try_agent(model, settings, partial(check_contract, layout=environment.layout))
    return Acting(settings, environment, partial(OnnxActor, graph, environment.layout, 0.0))


def acting_run(
    path: Path, task: GymTask, overrides: Iterable[str | Mapping[str, Any]], render_mode: str | None
) -> Acting:
    """The networks of a run in an environment: that of the run, or another one of the same sizes.

    Args:
        path: The run's folder; its settings hold but for the overrides.
        task: The environment; arguments that it lacks are those of the run.
        overrides: Settings that replace the run's own.
        render_mode: See `Environment`.

    Raises:
        RunFolderError: There is no run, or it has learned nothing.
        ConfigError: An override is wrong, the run's networks do not fit it, or an environment cannot be made.
        ContractError: The run is for something else.
    """
    from ros_rl.gym.saved_run import saved_run  # which needs torch
    from ros_rl.training.earlier_run import run_settings

    recorded = run_settings(path).task
    if not isinstance(recorded, GymTask):
        raise ContractError(f"{path} is a run of the robot task '{recorded.name}', not of an environment")
    settings = replace(load_run(path / CONFIG, overrides), task=task.after(recorded.env, recorded.env_args))
    asked = {key: value for key, value, _ in iterate(settings) if key.startswith(_OF_GRAPH)}
    graph = OnnxGraph(saved_run(path, [expand(asked)]).training.graph(), settings.controller.threads)
    environment = _environment(settings, graph.contract, render_mode)
    check_contract(graph.contract, environment.layout)
    return Acting(settings, environment, partial(OnnxActor, graph, environment.layout, 0.0))


def check_contract(contract: Contract, layout: Layout) -> None:
    """Refuse a control graph that cannot act in an environment.

    Args:
        contract: Of the graph.
        layout: Of the environment.

    Raises:
        ContractError: Naming what differs, with both values.
    """
    fields = layout.describe()
    pairs = {
        "sees {}, '{}' shows {}": (_pictures(contract.fields), _pictures(fields)),
        "observes {} values, '{}' gives {}": (_numbers(contract.fields), _numbers(fields)),
        "gives {} actions, '{}' takes {}": (len(contract.joints), layout.action_size),
        "chooses among {} actions, '{}' has {} to choose from (0: continuous ones)": (contract.choices, layout.choices),
    }
    for text, (graph, own) in pairs.items():
        if graph != own:
            raise ContractError(f"the control graph {text.format(graph, layout.name, own)}")


def _numbers(fields: Iterable[Mapping[str, Any]]) -> int:
    """How many an environment observes."""
    return sum(item["shape"][0] for item in fields if item["name"] == OBSERVATION)


def _pictures(fields: Iterable[Mapping[str, Any]]) -> str:
    """What is seen, for messages."""
    seen = (f"{item['name']} ({item['unit']}, {item['shape']})" for item in fields if item["dtype"] == _BYTES)
    return ", ".join(seen) or "no pictures"


def _environment(settings: Settings, contract: Contract, render_mode: str | None) -> Environment:
    """The environment of a control graph, which says whether it shows the last action, and pictures."""
    assert isinstance(settings.task, GymTask)
    if contract.task != GymTask.name:
        raise ContractError(
            f"the control graph is for robot '{contract.robot}' and its task '{contract.task}', not for an environment"
        )
    name, remembers = settings.task.env, any(item["name"] == LAST_ACTION for item in contract.fields)
    shown = settings.task.env_args, any(item["dtype"] == _BYTES for item in contract.fields)
    plain = Environment(name, None, remembers, *shown)
    if render_mode is None:
        return plain
    plain.close()
    if render_mode not in plain.render_modes:
        modes = ", ".join(plain.render_modes) or "none"
        raise ConfigError(f"'{name}' cannot be shown as '{render_mode}'; its render modes: {modes}")
    return Environment(name, render_mode, remembers, *shown)
