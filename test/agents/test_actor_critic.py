# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The actor-critic's updates by hand, its three gradients against each other, and what it learns from."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from bandits import bias_gradient, layout, one_step, set_policy, steps
from torch import Tensor

from ros_rl.agents.actor_critic import ActorCriticAgent
from ros_rl.agents.common.samples import Samples
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.policy_gradient import ActorCriticSettings

MEAN, STD = 0.1, 0.2
VARIANTS = [
    (data, gradient, batch)
    for data in ("on_policy", "off_policy")
    for gradient in ("likelihood_ratio", "pathwise")
    for batch in ("episodes", "online")
]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def agent_of(size: int = 1, batch_size: int = 64, per_step: float = 1.0, **settings: Any) -> ActorCriticAgent:
    values = {"hidden": 16, "entropy": 0.0, **settings}
    return ActorCriticAgent(layout(size), ActorCriticSettings(**values), batch_size, per_step)


def fix_value(agent: ActorCriticAgent, value: float) -> None:
    """Critics that give the same value everywhere."""
    last = agent.critics.online.net.net[-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.fill_(value)


def run_of(rewards: list[float], ends: float, gamma: float = 0.5) -> Samples:
    count = len(rewards)
    return steps(torch.zeros(count, 1), torch.zeros(count, 1), torch.tensor(rewards), ends, gamma)


def test_advantages_by_hand() -> None:
    agent = agent_of(gamma=0.5, trace=0.5)
    fix_value(agent, 8.0)  # each step loses 8 - 0.5 * 8 = 4, the terminal one all 8
    ended, cut = agent.advantages(run_of([1.0, 2.0, 3.0], 1.0)), agent.advantages(run_of([1.0, 2.0, 3.0], 0.0))
    torch.testing.assert_close(ended, torch.tensor([-3 - 0.5 - 5 / 16, -2 - 5 / 4, -5.0]))
    torch.testing.assert_close(cut, torch.tensor([-3 - 0.5 - 1 / 16, -2 - 1 / 4, -1.0]))
    agent = agent_of(gamma=0.5, trace=0.5, batch="online")
    fix_value(agent, 8.0)
    torch.testing.assert_close(agent.advantages(run_of([1.0, 2.0, 3.0], 1.0)), torch.tensor([-3.0, -2.0, -5.0]))


def test_a_trace_of_one_is_the_return_minus_the_value() -> None:
    agent = agent_of(gamma=0.5, trace=1.0)
    fix_value(agent, 8.0)
    found = agent.advantages(run_of([1.0, 2.0, 4.0], 1.0))
    torch.testing.assert_close(found, torch.tensor([3.0, 4.0, 4.0]) - 8.0)


def test_critics_take_one_step_of_adam_to_the_bellman_target() -> None:
    agent = agent_of(2, critics=2, gamma=0.9, targets="polyak", tau=0.5)
    with torch.no_grad():
        for parameter in agent.critics.target.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    samples = steps(torch.randn(9, 2), torch.rand(9, 1), torch.randn(9), gamma=0.9)
    online, target = copy.deepcopy(agent.critics.online), copy.deepcopy(agent.critics.target)
    torch.manual_seed(5)
    action = agent.policy.act(samples.next_obs, torch.randn(9, 1)).detach()
    aim = samples.reward + 0.9 * (1 - samples.terminated) * target(samples.next_obs, action).amin(0)
    optimiser = torch.optim.Adam(online.parameters(), agent.settings.learning_rate)
    ((online(samples.obs, samples.action) - aim.detach()) ** 2).mean(1).sum().backward()
    optimiser.step()
    torch.manual_seed(5)
    agent.update_critics(samples)
    for found, expected in zip(agent.critics.online.parameters(), online.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    for moved, old, new in zip(
        agent.critics.target.parameters(), target.parameters(), online.parameters(), strict=True
    ):
        torch.testing.assert_close(moved, 0.5 * old + 0.5 * new, rtol=1e-4, atol=1e-5)


def test_on_policy_update_steps_the_policy_once_after_the_critics() -> None:
    agent = agent_of(2, epochs=3, batch_size=4)
    runs = [steps(torch.randn(n, 2), torch.rand(n, 1), torch.randn(n)) for n in (5, 6)]
    before = copy.deepcopy(agent.policy)
    torch.manual_seed(5)
    agent.update_on_policy(runs)
    assert agent.updates == 3 * 3  # 11 samples are three batches of at most four
    agent.policy, policy = before, agent.policy
    optimiser = torch.optim.Adam(before.parameters(), agent.settings.policy_learning_rate)
    torch.manual_seed(5)
    for _ in range(3):  # the same random numbers as the critics used
        torch.randperm(11)
        for rows in (4, 4, 3):
            torch.randn(rows, 1)
    agent.executed_loss(runs).backward()
    optimiser.step()
    for found, expected in zip(policy.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def quadratic(agent: ActorCriticAgent, c: float) -> None:
    """In place of the critics: Q(o, u) = 3 - (u - c)^2, so that every gradient is known."""
    agent._q = lambda obs, action: 3 - ((action - c) ** 2)[:, 0]  # type: ignore[method-assign]


def losses(agent: ActorCriticAgent, kind: str, count: int, c: float) -> Tensor:
    obs = torch.zeros(count, 1)
    if kind == "pathwise":
        return agent.pathwise_loss(obs)
    if kind == "resampled":
        return agent.resampled_loss(obs)
    u = agent.policy.act(obs, torch.randn(count, 1)).detach()
    run = steps(obs, u, 3 - ((u - c) ** 2)[:, 0])
    run.terminated[:] = 1.0
    return agent.executed_loss([run])


def test_all_three_gradients_have_the_closed_forms_mean() -> None:
    """By atanh(mean) and log std of E[-(u - c)^2]; the pathwise one scatters far less."""
    c, spread = 0.5, {}
    expected = torch.tensor([-2 * (MEAN - c) * (1 - MEAN**2), -2 * STD**2])
    for kind in ("executed", "resampled", "pathwise"):
        agent = agent_of(value_samples=4, batch="online")
        set_policy(agent.policy, MEAN, STD)
        quadratic(agent, c)
        # 1024 numbers of noise in each, whatever they are used for
        count = 256 if kind == "resampled" else 1024
        gradients = torch.stack([bias_gradient(agent.policy, losses(agent, kind, count, c)) for _ in range(100)])
        error = gradients.std(0) / 10
        assert ((gradients.mean(0) - expected).abs() < 4 * error).all(), kind
        assert (error[0] < 0.02 * expected[0]).all(), kind
        spread[kind] = float(gradients.var(0).sum())
    assert spread["pathwise"] < 0.3 * min(spread["executed"], spread["resampled"]), spread


def test_entropy_bonus_raises_the_deviation_alike() -> None:
    """d(entropy)/d(log std) = 1 for each loss; with a constant Q nothing else moves."""
    for kind in ("executed", "resampled", "pathwise"):
        agent = agent_of(entropy=0.25, batch="online")
        set_policy(agent.policy, MEAN, STD)
        agent._q = lambda obs, action: 0 * action[:, 0]  # type: ignore[method-assign]
        obs = torch.zeros(50, 1)
        run = steps(obs, obs, torch.zeros(50))
        loss = agent.executed_loss([run]) if kind == "executed" else losses(agent, kind, 50, 0.0)
        torch.testing.assert_close(bias_gradient(agent.policy, loss), torch.tensor([0.0, 0.25]), msg=kind)


def test_pathwise_gradient_against_finite_differences() -> None:
    agent = agent_of(3, critics=2, entropy=0.1)
    agent.policy.double()
    agent.critics.online.double()
    obs = torch.randn(20, 3).double()
    torch.set_default_dtype(torch.float64)
    try:

        def loss() -> Tensor:
            torch.manual_seed(3)
            return agent.pathwise_loss(obs)

        loss().backward()
        for parameter in agent.policy.parameters():
            assert parameter.grad is not None
            place = int(parameter.grad.abs().argmax())
            flat, step = parameter.data.view(-1), 1e-6
            flat[place] += step
            high = float(loss().detach())
            flat[place] -= 2 * step
            low = float(loss().detach())
            flat[place] += step
            assert float(parameter.grad.view(-1)[place]) == pytest.approx((high - low) / (2 * step), rel=1e-4)
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(parameter.grad is None for parameter in agent.critics.online.parameters())


def fed(agent: ActorCriticAgent, steps_: int, length: int = 4) -> list[int]:
    """Updates of the critics after each step of episodes of this length."""
    replay, rng, counts = ReplayBuffer(1000, 1, 1), np.random.default_rng(0), []
    for index in range(20):
        replay.add(one_step(index, rng))
    agent.train(replay, 0)
    before = agent.updates
    for index in range(20, 20 + steps_):
        changes = {"episode": index // length, "terminated": index % length == length - 1}
        replay.add(type(one_step(0, rng))(**{**vars(one_step(index, rng)), **changes}))
        agent.train(replay, index)
        counts.append(agent.updates - before)
    return counts


def test_when_updates_happen() -> None:
    def counts(data: str, batch: str, **more: Any) -> list[int]:
        return fed(agent_of(data=data, batch=batch, episodes=2, epochs=1, **more), 13)

    assert counts("on_policy", "online") == list(range(1, 14))
    # the first of the episodes counts as one of the warm-up; then after two, of eight steps together
    assert counts("on_policy", "episodes") == 11 * [0] + [1, 1]
    assert counts("on_policy", "episodes", batch_size=4) == 11 * [0] + [2, 2]
    assert counts("off_policy", "online") == list(range(1, 14))
    assert counts("off_policy", "online", per_step=0.5) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]
    assert counts("off_policy", "episodes", per_step=0.5) == 11 * [0] + [6, 6]


@pytest.mark.parametrize(("data", "gradient", "batch"), VARIANTS)
def test_learns_a_bandit(data: str, gradient: str, batch: str) -> None:
    many = batch == "episodes"
    agent = agent_of(
        batch_size=32,
        per_step=0.5,
        data=data,
        gradient=gradient,
        batch=batch,
        episodes=10,
        epochs=2 if many else 1,
        critics=1,
        hidden=32,
        learning_rate=1e-2,
        policy_learning_rate=1e-2 if many or data == "off_policy" else 4e-3,
    )
    replay, rng = ReplayBuffer(20_000, 1, 1), np.random.default_rng(0)

    def policy(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            obs = torch.tensor(x, dtype=torch.float32)
            return agent.graph.act(obs, torch.zeros(0), torch.randn(1), torch.ones(1))[0].numpy()

    replay.add(one_step(0, rng))
    for index in range(1, 900 if many or data == "off_policy" else 1400):
        agent.train(replay, index)
        replay.add(one_step(index, rng, policy))
    x = torch.linspace(-0.9, 0.9, 19)[:, None]
    assert float((agent.policy(x)[0] - 0.7 * x).abs().mean().detach()) < 0.2
