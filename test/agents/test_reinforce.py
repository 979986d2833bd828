# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The score-function gradient against closed forms, and what returns and baselines do to mean and variance."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from bandits import bias_gradient, layout, one_step, set_policy, steps
from torch.distributions import Normal

from ros_rl.agents.common.samples import Samples
from ros_rl.agents.reinforce import ReinforceAgent
from ros_rl.errors import ConfigError
from ros_rl.layout import Field, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.loading import load_settings
from ros_rl.settings.policy_gradient import ReinforceSettings

MEAN, STD, LENGTH = 0.1, 0.2, 8
VARIANTS: dict[str, dict[str, Any]] = {
    "trajectory": {"estimator": "trajectory", "baseline": "none"},
    "return to go": {"estimator": "return_to_go", "baseline": "none"},
    "mean": {"estimator": "return_to_go", "baseline": "mean"},
    "q": {"estimator": "return_to_go", "baseline": "q", "baseline_learning_rate": 1e-2},
}


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def agent_of(size: int = 1, **settings: Any) -> ReinforceAgent:
    values = {"hidden": 16, "entropy": 0.0, "gamma": 1.0, **settings}
    return ReinforceAgent(layout(size), ReinforceSettings(**values), 64, 1.0)


def test_gradient_of_a_bandit_is_the_closed_form() -> None:
    """J = E[-(u - c)^2] = -(mean - c)^2 - std^2, by atanh(mean) and log std."""
    agent, c = agent_of(baseline="none"), 0.5
    set_policy(agent.policy, MEAN, STD)
    obs = torch.zeros(4000, 1)
    u = agent.policy.act(obs, torch.randn(4000, 1)).detach()
    reward = -((u - c) ** 2)[:, 0]
    runs = [steps(obs[i : i + 1], u[i : i + 1], reward[i : i + 1]) for i in range(4000)]
    weights = agent.weights(runs, [agent.returns(run) for run in runs])
    gradient = bias_gradient(agent.policy, agent.loss(runs, weights))
    expected = torch.tensor([-2 * (MEAN - c) * (1 - MEAN**2), -2 * STD**2])
    torch.testing.assert_close(gradient, expected, rtol=0, atol=0.08)
    assert expected[0] > 0.7


def test_gradient_with_clipped_actions_is_that_of_what_they_earn() -> None:
    """Half of the actions are clipped; the reference differentiates J, a sum over a grid of the Gaussian's draws."""
    agent, c = agent_of(baseline="none"), 0.6
    set_policy(agent.policy, 0.7, 0.9)
    noise = Normal(0.0, 1.0).icdf(torch.linspace(0, 1, 200_002)[1:-1].double())
    parameters = torch.tensor([0.7, 0.9], requires_grad=True, dtype=torch.float64)
    (-((parameters[0] + parameters[1] * noise).clip(-1, 1) - c).square()).mean().backward()
    slope = parameters.grad
    assert slope is not None
    expected = torch.tensor([slope[0] * (1 - 0.7**2), slope[1] * 0.9]).float()
    obs = torch.zeros(200_000, 1)
    u = agent.policy.act(obs, torch.randn(200_000, 1)).detach()
    assert 0.3 < float((u.abs() == 1).float().mean()) < 0.6
    run = steps(obs, u, torch.zeros(200_000))
    gradient = bias_gradient(agent.policy, agent.loss([run], [-((u - c) ** 2)[:, 0]])) / 200_000
    torch.testing.assert_close(gradient, expected, rtol=0, atol=0.01)
    assert expected.abs().min() > 0.05


def chain(agent: ReinforceAgent, episodes: int) -> list[Samples]:
    """x, drawn once an episode, and the time are seen; r_k = 3 + 2 x - (u_k - 0.5)^2; the last step terminates."""
    runs = []
    for _ in range(episodes):
        x = torch.rand(1) * 2 - 1
        obs = torch.stack([x.expand(LENGTH), torch.arange(LENGTH) / LENGTH], 1)
        u = agent.policy.act(obs, torch.randn(LENGTH, 1)).detach()
        runs.append(steps(obs, u, 3 + 2 * x - ((u - 0.5) ** 2)[:, 0]))
    return runs


def gradients_of(variant: dict[str, Any], batches: int) -> torch.Tensor:
    """Gradients of one policy from batches of four episodes, (batches, 2)."""
    torch.manual_seed(1)
    agent = agent_of(2, **variant)
    set_policy(agent.policy, MEAN, STD)
    if variant["baseline"] == "q":
        for _ in range(15):
            runs = chain(agent, 20)
            agent.fit_baseline(runs, [agent.returns(run) for run in runs])
    gradients = []
    for _ in range(batches):
        runs = chain(agent, 4)
        weights = agent.weights(runs, [agent.returns(run) for run in runs])
        gradients.append(bias_gradient(agent.policy, agent.loss(runs, weights)))
    return torch.stack(gradients)


def test_returns_and_baselines_keep_the_mean_and_lower_the_variance() -> None:
    expected = LENGTH * torch.tensor([-2 * (MEAN - 0.5) * (1 - MEAN**2), -2 * STD**2])
    variance = {}
    for name, variant in VARIANTS.items():
        gradients = gradients_of(variant, 150)
        error = gradients.std(0) / len(gradients) ** 0.5
        assert ((gradients.mean(0) - expected).abs() < 4 * error).all(), name
        variance[name] = float(gradients.var(0).sum())
    order = [variance[name] for name in VARIANTS]
    assert all(before > 1.25 * after for before, after in zip(order, order[1:], strict=False)), variance
    assert order[0] > 20 * order[-1], variance


def test_weights_by_hand() -> None:
    obs, u = torch.zeros(3, 1), torch.zeros(3, 1)
    runs = [steps(obs, u, torch.tensor([1.0, 2.0, 4.0])), steps(obs[:2], u[:2], torch.tensor([8.0, 8.0]))]
    expected: dict[tuple[str, str, bool], list[list[float]]] = {
        ("trajectory", "none", False): [[3.0, 3.0, 3.0], [12.0, 12.0]],
        ("trajectory", "mean", False): [[-9.0, -9.0, -9.0], [9.0, 9.0]],
        ("return_to_go", "none", False): [[3.0, 4.0, 4.0], [12.0, 8.0]],
        ("return_to_go", "none", True): [[3.0, 2.0, 1.0], [12.0, 4.0]],
        ("return_to_go", "mean", False): [[-9.0, -4.0, 4.0], [9.0, 4.0]],
    }
    for (estimator, baseline, states), weights in expected.items():
        agent = agent_of(gamma=0.5, estimator=estimator, baseline=baseline, discount_states=states)
        found = agent.weights(runs, [agent.returns(run) for run in runs])
        assert [each.tolist() for each in found] == weights, (estimator, baseline, states)


def test_a_cut_episode_goes_on_in_the_learned_baseline_only() -> None:
    obs, reward = torch.zeros(2, 1), torch.tensor([1.0, 2.0])
    cut, ended = (steps(obs, obs, reward, ends=ends) for ends in (0.0, 1.0))
    agent = agent_of(gamma=0.5, baseline="q")
    last = agent.q.net.net[-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.fill_(12.0)
    assert agent.returns(cut).tolist() == [1 + 1 + 3.0, 2 + 6.0]
    assert agent.returns(ended).tolist() == [2.0, 2.0]
    returns = [agent.returns(cut)]
    assert [w.tolist() for w in agent.weights([cut], returns)] == [[-7.0, -4.0]]
    assert agent_of(gamma=0.5, baseline="none").returns(cut).tolist() == [2.0, 2.0]


def test_an_update_is_one_step_of_adam_on_the_recovered_actions() -> None:
    """With smoothing: the same step by torch.distributions on the actions before they were smoothed."""
    fields = [Field(name, (size,), "1", 1.0, kind) for name, size, kind in
              (("x", 2, "state"), ("last_action", 1, "action"), ("pending_actions", 0, "action"))]  # fmt: skip
    settings = ReinforceSettings(hidden=16, smoothing=0.4, baseline="none", entropy=0.05, gamma=0.9)
    agent = ReinforceAgent(Layout("robot", ["joint"], fields), settings, 64, 1.0)
    other = copy.deepcopy(agent.policy)
    obs, chosen, reward = torch.rand(6, 3), torch.rand(6, 1) * 1.6 - 0.8, torch.randn(6)
    run = steps(obs, 0.6 * chosen + 0.4 * obs[:, 2:], reward)
    agent.update([run])
    mean, log_std = other(obs)
    weight = torch.tensor([sum(0.9**j * float(reward[k + j]) for j in range(6 - k)) for k in range(6)])
    density = Normal(mean, log_std.exp())
    optimiser = torch.optim.Adam(other.parameters(), settings.learning_rate)
    (-(weight * density.log_prob(chosen)[:, 0] + 0.05 * density.entropy()[:, 0]).sum()).backward()
    optimiser.step()
    for found, expected in zip(agent.policy.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("baseline", ["mean", "q"])
def test_learns_a_bandit(baseline: str) -> None:
    agent = agent_of(baseline=baseline, episodes=50, epochs=2, learning_rate=2e-2)
    replay, rng = ReplayBuffer(20_000, 1, 1), np.random.default_rng(0)

    def policy(x: np.ndarray) -> np.ndarray:
        obs = torch.tensor(x, dtype=torch.float32)
        with torch.no_grad():
            return agent.graph.act(obs, torch.zeros(0), torch.randn(1), torch.ones(1))[0].numpy()

    agent.train(replay, 0)
    for index in range(2500):
        replay.add(one_step(index, rng, policy))
        if index % 50 == 0:
            agent.train(replay, index)
    assert agent.updates == 49  # the very first episode counts as one of the warm-up
    x = torch.linspace(-1, 1, 21)[:, None]
    assert float((agent.policy(x)[0] - 0.7 * x).abs().mean().detach()) < 0.15


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="agent.baseline 'mean' needs agent.episodes of at least 2"):
        load_settings("mock_point", overrides=[{"agent": {"name": "reinforce", "baseline": "mean", "episodes": 1}}])
    with pytest.raises(ConfigError, match="trajectory"):
        load_settings("mock_point", overrides=[{"agent": {"name": "reinforce", "estimator": "total"}}])
    with pytest.raises(ConfigError, match="pathwise"):
        load_settings("mock_point", overrides=[{"agent": {"name": "actor_critic", "gradient": "score"}}])
