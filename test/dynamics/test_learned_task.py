# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The mpc agent where reward or termination is learned: it finds the task's own, plans and generates data with it."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from learners import make_agent, mock_step, random_transition, small_settings
from planners import linear_planner, noise_for, state_at, true_return

from ros_rl.agents.mpc import MpcAgent
from ros_rl.deploy.export import ExportedGraph
from ros_rl.dynamics.learned_task import LearnedTask
from ros_rl.errors import ConfigError
from ros_rl.networks.spaces import Spaces
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.loading import with_overrides
from ros_rl.training.saved_run import check_fits

BOUND = 1.0
LEARNED = {"reward": "learned", "termination": "learned"}


def agent_of(task: str = "mock_point", **model: Any) -> MpcAgent:
    torch.manual_seed(0)
    own = {"task": {"bound": BOUND}} if task == "mock_point" else {}
    return make_agent(small_settings(task, own, {"agent": {"model": {"hidden": 32, **model}, "mirror": False}}))


def mock_transitions(agent: MpcAgent, count: int, seed: int = 0) -> ReplayBuffer:
    """What the mock robot does from random states under random actions, judged by the task's own functions."""
    rng, spec = np.random.default_rng(seed), agent.spec
    replay = ReplayBuffer(count, spec.size, spec.action_size)
    for index in range(count):
        state, last, action = rng.normal(scale=0.6, size=4), *rng.uniform(-1, 1, (2, 2))
        following = mock_step(torch.as_tensor(state), torch.as_tensor(action)).numpy()
        before, after = spec.split(state), spec.split(following)
        changes = {
            "observation": np.concatenate([state, last, action]),
            "next_observation": np.concatenate([following, action, rng.uniform(-1, 1, 2)]),
            "reward": float(agent.task.reward(before, last, action, after)),
            "terminated": bool(agent.task.terminated(after)),
        }
        replay.add(random_transition(spec, rng, index, **changes))
    return replay


@cache
@torch.enable_grad()  # whoever asks first
def trained() -> MpcAgent:
    agent = agent_of(**LEARNED)
    agent.batch_size = 128
    replay = mock_transitions(agent, 2000)
    for _ in range(600):
        metrics = agent.update_model(replay, 1)
    assert set(metrics) == {"model_loss", "reward_loss", "termination_loss"}
    return agent


def test_the_agent_learns_the_tasks_own_functions() -> None:
    agent = trained()
    e = agent.experience(mock_transitions(agent, 1000, seed=1).at(np.arange(1000)))
    before, after = agent.spaces.fields(e.state, e.goal), agent.spaces.fields(e.next_state, e.goal)
    with torch.no_grad():
        reward, ended = agent.judge.reward(before, e.last_action, e.action, after), agent.judge.terminated(after)
    assert (reward - e.reward).pow(2).mean().sqrt() < 0.15 * e.reward.std()
    assert 0.1 < e.terminated.mean() < 0.5
    assert (ended.float() == e.terminated).float().mean() > 0.96


@torch.no_grad()
def test_a_plan_by_the_learned_reward_is_as_good_as_one_by_the_true() -> None:
    planner = linear_planner(horizon=6, samples=256, elites=32, iterations=4, std_init=0.7)
    learned = linear_planner(horizon=6, samples=256, elites=32, iterations=4, std_init=0.7)
    learned.world.judge = trained().judge
    for state in ([0.6, -0.4, 0.0, 0.0], [-0.3, 0.5, 0.5, -0.5]):
        start, noise = state_at(state), noise_for(planner)
        found = [true_return(state, one.plan(start, noise).mean) for one in (planner, learned)]
        idle = true_return(state, torch.zeros(6, 2))
        assert found[1] - idle > 0.9 * (found[0] - idle) > 0.0


def test_generated_data_is_judged_by_what_was_learned() -> None:
    agent = trained()
    e = agent.experience(mock_transitions(agent, 30, seed=2).at(np.arange(30)))
    made = agent._imagine(e)
    after = agent.spaces.fields(made.next_state, made.goal)
    with torch.no_grad():
        reward = agent.judge.reward(agent.spaces.fields(made.state, made.goal), made.last_action, made.action, after)
    torch.testing.assert_close(made.reward, reward)
    assert torch.equal(made.terminated, agent.judge.terminated(after).float())
    assert not torch.allclose(made.reward, agent.task.reward({}, made.last_action, made.action, after), atol=1e-6)


def test_what_is_not_learned_is_the_tasks_own_or_never_happens() -> None:
    agent = agent_of(reward="learned")
    assert agent.learned is not None and agent.learned.termination_head is None
    far = {"joint_position": torch.tensor([[2 * BOUND, 0.0], [0.0, 0.0]]), "joint_velocity": torch.zeros(2, 2)}
    assert agent.judge.terminated(far).tolist() == [True, False]
    never = agent_of(termination="never")
    assert never.learned is not None and not list(never.learned.parameters())
    assert never.judge.terminated(far).tolist() == [False, False]
    u = torch.rand(2, 2)
    assert torch.equal(never.judge.reward(far, u, u, far), never.task.reward(far, u, u, far))
    plain = agent_of()
    assert plain.judge is plain.task


def test_goals_are_seen() -> None:
    settings = small_settings("xarm_reach")
    spaces = make_agent(settings).spaces
    assert isinstance(spaces, Spaces)
    task = LearnedTask(spaces, settings.task, with_overrides(settings, agent={"model": LEARNED}).agent.model)
    state, u = torch.randn(3, 5, spaces.state_size), torch.rand(5, spaces.action_size)
    rewards = []
    for goal in (torch.zeros(3), torch.ones(3)):
        fields = spaces.fields(state, goal)
        rewards.append(task.reward(fields, u, u, fields))
        assert task.terminated(fields).shape == rewards[-1].shape == (3, 5)
    assert not torch.allclose(*rewards)


def test_other_goals_bring_the_reward_that_was_learned() -> None:
    """What replayed transitions are judged by is the learned function, on arrays."""
    agent = make_agent(small_settings("xarm_reach", {"agent": {"model": LEARNED, "relabel_fraction": 1.0}}))
    spec, rng = agent.spec, np.random.default_rng(0)
    replay = ReplayBuffer(40, spec.size, spec.action_size)
    for index in range(40):
        replay.add(random_transition(spec, rng, index))
    e = agent.experience(agent.relabel(replay.at(np.arange(40))))
    after = agent.spaces.fields(e.next_state, e.goal)
    with torch.no_grad():
        expected = agent.judge.reward(agent.spaces.fields(e.state, e.goal), e.last_action, e.action, after)
    torch.testing.assert_close(e.reward, expected)
    assert torch.equal(e.terminated, agent.judge.terminated(after).float())


def test_the_heads_are_trained_resumed_and_published_with_the_rest() -> None:
    agent, other = trained(), agent_of(**LEARNED)
    exported = ExportedGraph(agent.graph, "mock_point", 0.05)
    heads = [name for name in agent.graph.state_dict() if "_head." in name]
    assert len(heads) == 2 * 6 + 6
    exported.prepare()
    assert set(heads) <= set(exported._exported.weights)
    assert agent.learned is not None and other.learned is not None
    other.load_state_dict(agent.state_dict())
    for one, two in zip(agent.learned.parameters(), other.learned.parameters(), strict=True):
        assert torch.equal(one, two)


def test_a_learned_reward_is_no_other_one() -> None:
    recorded = small_settings("mock_point", {"agent": {"model": {"reward": "learned"}}})
    check_fits(recorded, with_overrides(recorded, task={"episode_seconds": 1.0}))
    with pytest.raises(ConfigError, match=r"'task\.action_weight' is 1\.0, the run has 0\.01; .*learned from its data"):
        check_fits(recorded, with_overrides(recorded, task={"action_weight": 1.0}))
    with pytest.raises(ConfigError, match=r"'agent\.model\.termination' is 'never', the run has 'known'"):
        check_fits(recorded, with_overrides(recorded, agent={"model": {"termination": "never"}}))
