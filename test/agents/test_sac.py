# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Soft actor-critic: the averaged policy that acts, and networks of two sizes."""

import copy

import pytest
import torch
from value_agents import agent_of, check_resume, largest_difference, plain_layout, random_samples, settings_of

from ros_rl.deploy.export import ExportedGraph
from ros_rl.errors import ConfigError
from ros_rl.settings.loading import load_settings


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


def test_without_an_average_the_policy_itself_acts() -> None:
    agent = agent_of(plain_layout(), "sac")
    assert agent.acting is agent.policy is agent.graph.policy and "acting_policy" not in agent.parts()


def test_policy_may_be_smaller_than_the_critics() -> None:
    agent = agent_of(plain_layout(), "sac", hidden=8, policy_hidden=4)
    assert [tuple(p.shape) for p in agent.policy.net.parameters()][::2] == [(1, 3, 4), (1, 4, 4), (1, 4, 4)]
    assert [tuple(p.shape) for p in agent.critics.online.net.parameters()][::2] == [(2, 5, 8), (2, 8, 8), (2, 8, 1)]


def test_average_survives_a_resume(tmp_path) -> None:
    check_resume(settings_of("sac", policy_tau=0.1, policy_delay=2, policy_hidden=4), plain_layout(), tmp_path)


def test_mbpo_acts_by_its_policy() -> None:
    with pytest.raises(ConfigError, match="agent.policy_tau"):
        load_settings("a1_walk", overrides=["agent.name=mbpo", "agent.policy_tau=0.1"])
