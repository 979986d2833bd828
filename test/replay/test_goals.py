# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Replayed transitions get other goals, and the reward that these bring."""

from typing import Any

import numpy as np
import pytest
import torch
from learners import random_transition, spec_of

from ros_rl.agents.factory import make_agent
from ros_rl.errors import ConfigError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.goals import GoalRelabeller
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally


def reach(*overrides: dict[str, Any], task: str = "xarm_reach", **agent: Any) -> Settings:
    small = {"agent": {"name": "sac", "hidden": 8} | agent, "learner": {"batch_size": 16, "warmup_steps": 20}}
    return load_settings(task, overrides=[small, *overrides])


def filled(settings: Settings) -> ReplayBuffer:
    spec, rng = spec_of(settings), np.random.default_rng(0)
    replay = ReplayBuffer(100, spec.size, spec.action_size)
    for index in range(40):
        replay.add(random_transition(spec, rng, index))
    return replay


def test_half_of_a_batch_gets_goals_of_others_and_their_reward() -> None:
    settings = reach()
    spec, task = spec_of(settings), settings.task
    batch = filled(settings).at(np.arange(40))
    kept = {name: value.copy() for name, value in vars(batch).items()}
    torch.manual_seed(0)
    new = GoalRelabeller(spec, task, 0.5)(batch)
    changed = (new.observation[:, spec.goal] != batch.observation[:, spec.goal]).any(1)
    assert 15 <= changed.sum() <= 20
    assert 4 <= changed[:20].sum() <= 16, "anywhere in the batch"
    for name, value in vars(batch).items():
        np.testing.assert_array_equal(value, kept[name])
    state = slice(0, spec.goal.start)
    for name in ("observation", "next_observation"):
        np.testing.assert_array_equal(getattr(new, name)[:, state], getattr(batch, name)[:, state])
    goal, known = new.observation[:, spec.goal], {tuple(goal) for goal in batch.observation[:, spec.goal]}
    assert all(tuple(each) in known for each in goal)
    np.testing.assert_array_equal(new.next_observation[changed, spec.goal], goal[changed])
    distance = np.linalg.norm(new.next_observation[:, spec.slices["tool_position"]] - goal, axis=-1)
    last = spec.slices["last_action"]
    change = ((new.next_observation[:, last] - new.observation[:, last]) ** 2).mean(-1)
    expected = task.precision / (task.precision + distance) - distance - task.action_change_weight * change
    np.testing.assert_allclose(new.reward[changed], expected[changed], rtol=1e-4, atol=1e-5)
    assert not new.terminated[changed].any()
    untouched = new.reward == batch.reward
    assert untouched.sum() == 20 and not (changed & untouched).any()


@pytest.mark.parametrize("delay", [0, 1])
def test_the_same_goal_brings_the_same_reward(delay: int) -> None:
    """Of a robot that acts and learns: also with a delay between decision and action."""
    pytest.importorskip("pybullet")
    same = {"goal_radius_min": 0.3, "goal_radius_max": 0.3, "goal_height_min": 0.2, "goal_height_max": 0.2}
    overrides = {"task": same | {"goal_sector": 0.0}, "control": {"delay": delay}, "learner": {"robot_minutes": 0.1}}
    settings = reach(overrides)
    *_, progress = train_locally(settings)
    training = progress.training
    assert training.updates > 50
    relabel = training.agent.relabel
    batch = training.replay.at(np.arange(len(training.replay)))
    assert np.ptp(batch.observation[:, training.spec.goal], axis=0).max() == 0.0 and np.ptp(batch.reward) > 0.1
    new = relabel(batch)
    np.testing.assert_allclose(new.reward, batch.reward, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(new.terminated, batch.terminated)


@pytest.mark.parametrize("name", ["sac", "td3", "td7", "ddpg", "naf", "qt_opt"])
def test_agents_learn_from_what_was_relabelled(name: str) -> None:
    settings = reach(name=name)
    agent, replay = make_agent(spec_of(settings), settings), filled(settings)
    shown, relabel = [], agent.relabel
    agent.relabel = lambda batch: shown.append(relabel(batch)) or shown[-1]
    inputs: list[torch.Tensor] = []
    agent.inputs.register_forward_hook(lambda module, seen, scaled: inputs.append(seen[0]))
    agent.train(replay, 40)
    assert len(shown) == agent.updates > 0
    np.testing.assert_array_equal(inputs[0].numpy(), shown[0].observation)


def test_only_tasks_with_goals_are_relabelled_and_only_single_steps() -> None:
    for settings in (reach(relabel_fraction=0.0), reach(task="a1_walk")):
        agent = make_agent(spec_of(settings), settings)
        assert agent.relabel is None
    for key, value, only in (("n_step", 3, "1"), ("priority", "td_error", "uniform")):
        chosen = {"learner": {"replay": {key: value}}}
        settings = reach(chosen)
        with pytest.raises(ConfigError, match=f"{key} is {value}.* use {only}, or agent.relabel_fraction 0"):
            make_agent(spec_of(settings), settings)
        settings = reach(chosen, relabel_fraction=0.0)
        assert make_agent(spec_of(settings), settings) is not None
