# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Soft actor-critic: the averaged policy that acts, and networks of two sizes."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from bandits import layout, one_step
from value_agents import agent_of, check_resume, largest_difference, plain_layout, random_samples, settings_of

from ros_rl.agents.factory import make_agent
from ros_rl.deploy.export import ExportedGraph
from ros_rl.errors import ConfigError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.loading import load_settings

XQC = {"normalisation": "unit", "loss": "categorical", "reward_scale": "returns"}


def test_average_of_the_policy_acts_and_the_policy_is_improved() -> None:
    agent = agent_of(plain_layout(), "sac", policy_tau=0.25)
    plain = agent_of(plain_layout(), "sac")
    average = copy.deepcopy(agent.policy.state_dict())
    for seed in range(3):
        for each in (agent, plain):
            torch.manual_seed(seed)
            each.update_policy(random_samples(plain_layout(), seed=seed))
        average = {name: 0.75 * value + 0.25 * agent.policy.state_dict()[name] for name, value in average.items()}
    for name, value in agent.policy.state_dict().items():
        assert torch.equal(value, plain.policy.state_dict()[name])  # the average does not change what is learned
    for name, value in agent.acting.state_dict().items():
        torch.testing.assert_close(value, average[name], rtol=1e-5, atol=1e-7)
    obs = torch.randn(1, 3)
    (action, _), mean = agent.graph.act(obs[0], torch.zeros(0), torch.randn(2), torch.zeros(1)), agent.acting(obs)[0]
    torch.testing.assert_close(action, torch.tanh(mean)[0])
    assert not torch.allclose(mean, agent.policy(obs)[0])
    assert largest_difference(agent.graph, ExportedGraph(agent.graph, "toy", 0.05), 1.0) < 1e-5


@pytest.mark.parametrize("value", ["smallest", "mean"])
def test_policy_follows_the_critics_value(value: str) -> None:
    agent = agent_of(plain_layout(), "sac", policy_value=value, critics=3, initial_alpha=0.3)
    samples = random_samples(plain_layout())
    torch.manual_seed(4)
    action, log_probability = agent.policy.sample(samples.obs)
    q = agent.critics.online(samples.obs, action)
    q = q.min(0).values if value == "smallest" else q.sum(0) / 3
    torch.manual_seed(4)
    found = agent.update_policy(samples)["policy_loss"]
    assert found == pytest.approx(float((0.3 * log_probability - q).mean().detach()), rel=1e-5)


@pytest.mark.parametrize("kind", [{}, {"normalisation": "batch"}, XQC], ids=["plain", "batch", "xqc"])
def test_learns_a_bandit(kind: dict[str, str]) -> None:
    """Whatever the size of rewards, here 100, which the bins of XQC do not reach by themselves."""
    batch, rate, steps = (64, 5e-3, 1500) if kind.get("normalisation") == "batch" else (32, 1e-2, 900)
    learner = {"batch_size": batch, "updates_per_step": 0.5}
    settings = settings_of("sac", learner, hidden=32, learning_rate=rate, tau=0.05, target_entropy=-2.0, **kind)
    torch.manual_seed(0)
    agent, replay, rng = make_agent(layout(), settings), ReplayBuffer(20_000, 1, 1), np.random.default_rng(0)
    for index in range(steps):
        replay.add(replace(step := one_step(index, rng), reward=100.0 * step.reward))
        if index >= 100:
            agent.train(replay, index)
    for x in (-0.8, 0.1, 0.6):
        action, _ = agent.graph.act(torch.tensor([x]), torch.zeros(0), torch.zeros(1), torch.zeros(1))
        assert float(action) == pytest.approx(0.7 * x, abs=0.12)
    assert largest_difference(agent.graph, ExportedGraph(agent.graph, "toy", 0.05), 1.0) < 1e-5


@pytest.mark.parametrize(("steps", "target"), [(0, 0.3), (2000, 0.05), (8000, -0.7), (9000, -0.7)])
def test_target_entropy_falls_on_the_way(steps: int, target: float) -> None:
    agent = agent_of(plain_layout(), "sac", entropy_start=0.3, entropy_steps=8000, target_entropy=-0.7)
    assert agent.soft.temperature.target_entropy == pytest.approx(2 * 0.3)  # of two actions
    agent.updates_per_step = 0.0
    agent.train(ReplayBuffer(8, 5, 2), steps)
    assert agent.soft.temperature.target_entropy == pytest.approx(2 * target)


def test_a_first_target_without_steps_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"agent.entropy_start 0.3 has no effect while agent.entropy_steps is 0"):
        settings_of("sac", entropy_start=0.3)


def test_without_an_average_the_policy_itself_acts() -> None:
    agent = agent_of(plain_layout(), "sac")
    assert agent.acting is agent.policy is agent.graph.policy and "acting_policy" not in agent.parts()


def test_policy_may_be_smaller_than_the_critics() -> None:
    agent = agent_of(plain_layout(), "sac", hidden=8, policy_hidden=4)
    assert [tuple(p.shape) for p in agent.policy.net.parameters()][::2] == [(1, 3, 4), (1, 4, 4), (1, 4, 4)]
    assert [tuple(p.shape) for p in agent.critics.online.net.parameters()][::2] == [(2, 5, 8), (2, 8, 8), (2, 8, 1)]


def test_average_survives_a_resume(tmp_path) -> None:
    check_resume(settings_of("sac", policy_tau=0.1, policy_delay=2, policy_hidden=4), plain_layout(), tmp_path)


def test_statistics_bins_and_scale_survive_a_resume(tmp_path) -> None:
    check_resume(settings_of("sac", **XQC), plain_layout(), tmp_path)


def test_mbpo_acts_by_its_policy() -> None:
    with pytest.raises(ConfigError, match="agent.policy_tau"):
        load_settings("a1_walk", overrides=["agent.name=mbpo", "agent.policy_tau=0.1"])
