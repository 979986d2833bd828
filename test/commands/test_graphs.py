# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Agents learn what a command map acts by, and control graphs name it."""

from dataclasses import replace

import numpy as np
import pytest
from command_line import run_cli
from graphs import constant_bytes

from ros_rl.agents.factory import make_agent
from ros_rl.deploy.contract import Contract
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, ContractError
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally

CHOICE = {"agent.name": "dqn", "control.rate_hz": 2.0}


def settings_of(commands: str, **more: object) -> Settings:
    of_map = CHOICE if commands == "choice" else {"agent.name": "random"}
    return load_settings("ur5_reach", overrides=[{"control.commands.name": commands, **of_map}, dict(more)])


def graph_of(settings: Settings) -> OnnxGraph:
    spec = settings.observation_spec()
    agent = make_agent(spec, settings)
    return OnnxGraph(ExportedGraph(agent.graph, "ur5_reach", settings.control.period).serialise({}))


@pytest.mark.parametrize("commands", ["cartesian", "choice"])
def test_a_graph_acts_through_its_map_alone(commands: str) -> None:
    settings = settings_of(commands)
    graph = graph_of(settings)
    assert Contract.from_json(graph.contract.to_json()) == graph.contract
    world = RobotWorld(settings.headless(), 0)
    loop = world.control_loop(explore=1.0)
    loop.use(graph)
    steps = list(world.episode(lambda tick: loop.step(tick).command))
    transitions = [step.transition for step in steps if step.transition is not None]
    world.close()
    assert len(transitions) == len(steps) - 1
    for transition in transitions:
        world.spec.check(transition)
    assert len({tuple(transition.action) for transition in transitions}) > 2


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (settings_of("joints"), "is for control.commands.name cartesian, the controller has joints"),
        (settings_of("cartesian", **{"control.commands.speed": 0.1}), r"control.commands.speed 0.25, .* has 0.1"),
        (
            settings_of("cartesian", **{"control.commands.upper": [0.7, 1.0, 1.0]}),
            r"control.commands.upper \['inf', 'inf', 'inf'\], the controller has \[0.7, 1.0, 1.0\]",
        ),
    ],
)
def test_a_graph_for_another_map_is_refused(own: Settings, message: str) -> None:
    contract = graph_of(settings_of("cartesian")).contract
    with pytest.raises(ContractError, match=message):
        contract.check(own.observation_spec(), "ur5_reach", own.control.period)


def test_a_contracts_map_is_a_name_with_settings() -> None:
    contract = graph_of(settings_of("cartesian")).contract
    for wrong in ({"speed": 1.0}, {"name": 3}, "cartesian"):
        with pytest.raises(ContractError, match="'commands' is .*, expected a map's name and settings"):
            replace(contract, commands=wrong).check_values()


@pytest.mark.parametrize(
    ("commands", "agent", "message"),
    [
        (
            "choice",
            "mpc",
            "agent 'mpc' chooses continuous actions, .* 'choice' are discrete; use one of cartesian, joints",
        ),
        ("cartesian", "dqn", "agent 'dqn' chooses discrete actions, .* 'cartesian' are continuous"),
    ],
)
def test_agents_for_other_actions_are_refused(commands: str, agent: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings("ur5_reach", overrides=[{"control.commands.name": commands, "agent.name": agent}])


def test_dqn_learns_from_a_robots_choices() -> None:
    settings = settings_of("choice", **{"learner.steps": 60, "learner.warmup_steps": 30, "learner.batch_size": 8})
    *_, last = train_locally(settings)
    replay = last.training.replay
    stored = replay.at(np.arange(len(replay)))
    assert last.training.rounds
    assert np.unique(stored.action).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert last.graph.contract.choices == 5 and last.graph.contract.commands["name"] == "choice"


def test_an_agent_file_of_choices_runs_without_being_told_what_learned_it(capsys, tmp_path) -> None:
    settings = settings_of("choice")
    (tmp_path / "agent.onnx").write_bytes(constant_bytes(settings, [0.0]))
    options = ["eval", "ur5_reach", "--agent", str(tmp_path / "agent.onnx"), "--episodes", "1", "--seconds", "2"]
    code, out, err = run_cli(capsys, *options, "--set", "control.commands.name=choice", "--set", "control.rate_hz=2")
    assert (code, err) == (0, "") and "success rate    0.000" in out
    code, _, err = run_cli(capsys, *options, "--set", "control.rate_hz=2")
    assert code and "is for control.commands.name choice, the controller has joints" in err
