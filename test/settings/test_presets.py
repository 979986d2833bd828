# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Presets: they fit every agent and task, stand between the task's file and the user, and a wrong one is named."""

import re
from pathlib import Path

import pytest

from ros_rl.config import variant_name
from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.settings import presets
from ros_rl.settings.loading import load_settings
from ros_rl.settings.presets import preset_titles, read_preset, tuned_settings, variant_titles
from ros_rl.settings.registry import AGENT_NAMES, AGENT_SETTINGS
from ros_rl.tasks import TASKS

ROOT = Path(__file__).parents[2]
LEARNERS = sorted(set(AGENT_NAMES) - {"random"})


@pytest.mark.parametrize("preset", sorted(preset_titles()))
@pytest.mark.parametrize("task", [*sorted(TASKS), "gym"])
def test_a_preset_fits_every_task_and_agent(task, preset) -> None:
    discrete = load_settings(task).control.commands.discrete
    fits = {name for name in AGENT_NAMES if AGENT_SETTINGS[name].acts(discrete)}
    for agent in sorted(AGENT_NAMES if task == "gym" else fits):
        steps = ["learner.replay.n_step=1"] if AGENT_SETTINGS[agent]().unused_replay() else []
        settings = load_settings(task, overrides=[f"agent.name={agent}", *steps], preset=preset)
        settings.check_warmup()
        assert settings.task.name == task


@pytest.mark.parametrize("agent", LEARNERS)
def test_debugging_is_tiny_for_every_agent(agent) -> None:
    settings = load_settings("gym", overrides=[f"agent.name={agent}"], preset="debug")
    assert settings.agent.hidden <= 32 and settings.training_steps <= 300
    model = getattr(settings.agent, "model", None)
    assert model is None or model.hidden * getattr(model, "members", 1) <= 64


def test_what_the_user_gives_wins_and_what_only_the_task_gives_stays(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("/**: {ros__parameters: {learner: {batch_size: 7, warmup_steps: 9}}}")
    settings = load_settings("cartpole_swingup", path, ["learner.warmup_steps=11"], preset="debug")
    assert (settings.learner.batch_size, settings.learner.warmup_steps) == (7, 11)
    assert settings.learner.publish_every == 50 and settings.control.rate_hz == 25.0
    assert settings.agent.planner.horizon == 3 and settings.agent.planner.proposals == 0


def test_each_agent_begins_with_what_the_preset_has_for_it(tmp_path) -> None:
    """Wherever it is named, and although a change of agent drops the settings of the one before."""
    path = tmp_path / "mine.yaml"
    path.write_text("/**: {ros__parameters: {agent: {name: td7, embedding: 24}}}")
    settings = load_settings("a1_walk", path, preset="debug")
    assert (settings.agent.hidden, settings.agent.embedding, settings.agent.embedding_hidden) == (32, 24, 32)
    settings = load_settings("a1_walk", path, ["agent.name=qt_opt", "agent.elites=3"], preset="debug")
    assert (settings.agent.hidden, settings.agent.samples, settings.agent.elites) == (32, 16, 3)


def test_an_agent_that_the_preset_does_not_know_keeps_its_own(tmp_path, monkeypatch) -> None:
    (tmp_path / "some.yaml").write_text("# t\n/**: {ros__parameters: {seed: 5, agents: {sac: {hidden: 8}}}}")
    monkeypatch.setattr(presets, "share_path", lambda *parts: tmp_path.joinpath(*parts[2:]))
    sac, td3 = (load_settings("a1_walk", overrides=[f"agent.name={name}"], preset="some") for name in ("sac", "td3"))
    assert (sac.seed, sac.agent.hidden) == (5, 8) and (td3.seed, td3.agent.hidden) == (5, 256)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("learner: {batch: 1}", "some.yaml: unknown setting 'learner.batch'"),
        ("agents: {sac: {samples: 1}}", "some.yaml: unknown setting 'agents.sac.samples'"),
        ("agents: {sac: {hidden: 0}}", "some.yaml: 'agents.sac.hidden' is 0, out of range"),
        ("agents: {sack: {hidden: 8}}", "some.yaml: unknown agent 'sack' in 'agents'; valid: mpc"),
        ("agents: 3", "some.yaml: 'agents' is 3, expected"),
    ],
)
def test_a_wrong_preset_is_named_with_its_key(tmp_path, monkeypatch, content, complaint) -> None:
    (tmp_path / "some.yaml").write_text(f"# t\n/**: {{ros__parameters: {{{content}}}}}")
    monkeypatch.setattr(presets, "share_path", lambda *parts: tmp_path.joinpath(*parts[2:]))
    with pytest.raises(ConfigError, match=complaint):
        read_preset("some")


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        UnknownNameError,
        match="unknown preset 'nope'; valid: a1_dreamer, crossq, debug, dqn, mbpo, robust, sphero_dreamer, "
        "sphero_pixels, td7, untaught, ur5_pixels, xarm_pixels",
    ):
        load_settings("a1_walk", preset="nope")


@pytest.mark.parametrize("name", sorted(tuned_settings()))
def test_tuned_settings_say_what_the_benchmarks_found_and_the_command_that_they_are_for(name) -> None:
    """Each environment and figure stand in a row of the benchmarks' tables, beside the name of the settings."""
    rows = [line for line in (ROOT / "bench" / "README.md").read_text().splitlines() if f"`{name}`" in line]
    measured = re.findall(r"(\w+-v\d) (\d+)", tuned_settings()[name].measured)
    assert measured
    for environment, figure in measured:
        assert any(environment in row and re.search(rf"\b{figure}\b", row) for row in rows), (environment, figure)
    text = (ROOT / "config" / "agents" / f"{name}.yaml").read_text()
    command = re.search(r"`ros-rl train --env gym:(\S+) --preset (\S+) --steps (\d+)`", text)
    assert command and command[2] == name and command[1] in dict(measured)
    settings = load_settings("gym", overrides=[f"task.env={command[1]}", f"learner.steps={command[3]}"], preset=name)
    settings.check_warmup()
    assert f"{int(command[3]):,} steps" in tuned_settings()[name].measured


@pytest.mark.parametrize("name", sorted(variant_titles()))
def test_a_variant_is_of_its_tasks_and_says_how_to_train_it(name) -> None:
    command = re.search(r"`ros-rl train (\S+) --preset (\S+)`", variant_titles()[name])
    assert command and command[2] == name
    for task in read_preset(name).tasks:
        settings = load_settings(task, preset=name)
        settings.check_warmup()
        settings.observation_spec()
        assert settings.task.name == task
    told = f"--preset {name} has settings of task '{command[1]}'.*, which 'mock_point' is not"
    with pytest.raises(ConfigError, match=told):
        load_settings("mock_point", preset=name)


def test_a_variant_is_held_to_its_tasks_where_a_file_or_an_override_names_another(tmp_path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("/**: {ros__parameters: {task: {name: a1_get_up}}}")
    told = "--preset robust has settings of task .*, which 'a1_get_up' is not"
    with pytest.raises(ConfigError, match=told):
        load_settings(None, file, preset="robust")
    with pytest.raises(ConfigError, match=told):
        load_settings("a1_walk", overrides=["task.name=a1_get_up"], preset="robust")


def test_the_robust_a1s_file_says_what_the_preset_does() -> None:
    file = ROOT / "config" / "tasks" / "a1_robust.yaml"
    assert load_settings("a1_walk", file) == load_settings("a1_walk", preset="robust")


@pytest.mark.parametrize("task", ["go2_track", "a1_track", "a1_terrain", "go2_terrain"])
def test_the_robust_world_meets_a_task_as_it_is(task) -> None:
    """The world, the odometry and how long it learns alone are the preset's."""
    own, robust = load_settings(task), load_settings(task, preset="robust")
    assert (robust.task, robust.agent, robust.control) == (own.task, own.agent, own.control)
    world = robust.driver.backend.world
    assert world.latency == (0.0, 0.025) and world.terrain.kinds == ("flat", "rough", "slopes", "steps", "slippery")


def test_a_variant_is_for_other_agents_too() -> None:
    """Which begin with their own settings, not with those of the agent that it names."""
    settings = load_settings("sphero_navigate", overrides=["agent.name=drq_sac"], preset="sphero_pixels")
    assert variant_name(AGENT_SETTINGS, settings.agent) == "drq_sac" and settings.looks == ("above",)
    assert settings.agent == AGENT_SETTINGS["drq_sac"]()


def test_tuned_settings_hold_for_their_agent_alone() -> None:
    settings = load_settings("gym", overrides=["learner.steps=5000"], preset="td7")
    assert variant_name(AGENT_SETTINGS, settings.agent) == "td7"
    assert (settings.learner.warmup_steps, settings.learner.steps) == (3000, 5000)
    with pytest.raises(ConfigError, match="--preset td7 has settings of agent 'td7', which 'sac' is not"):
        load_settings("gym", overrides=["agent.name=sac"], preset="td7")
