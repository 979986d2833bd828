# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The soft actor-critic step: its temperature by hand, its target and its policy's gradient written anew."""

import math

import pytest
import torch
from model_based import assert_steps_down
from torch import Tensor
from value_agents import agent_of, plain_layout, random_samples

from ros_rl.agents.common.critics import Critics
from ros_rl.agents.common.soft_actor_critic import SoftActorCritic, Temperature
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.settings.critics import TargetRule


def smooth(action: Tensor, obs: Tensor) -> Tensor:
    return 0.8 * action + 0.2 * obs[..., -2:]


def learner(follows_mean: bool = False) -> SoftActorCritic:
    torch.manual_seed(0)
    critics = Critics(lambda: CriticEnsemble(3, 5, 16), TargetRule("polyak", tau=0.1), 1e-3)
    temperature = Temperature(0.3, -2.0, 1e-2)
    return SoftActorCritic(
        SquashedGaussianPolicy(3, 2, 16), critics, temperature, smooth, 1e-3, follows_mean=follows_mean
    )


@pytest.mark.parametrize(("entropy", "sign"), [(-3.0, 1), (-1.0, -1)])
def test_temperature_rises_while_there_is_too_little_entropy(entropy: float, sign: int) -> None:
    one, other = Temperature(0.3, -2.0, 1e-2), Temperature(0.3, -2.0, 1e-2)
    one.follow(torch.tensor(entropy))
    other.follow(entropy + torch.tensor([-0.5, 0.5]))  # samples of it
    for each in (one, other):  # Adam's first step is the step size
        assert float(each.alpha) == pytest.approx(0.3 * math.exp(sign * 1e-2), rel=1e-5)


def test_settings_of_the_steps_reach_all_optimisers() -> None:
    agent = agent_of(plain_layout(), "sac", learning_rate=0.02, alpha_learning_rate=0.03, beta1=0.5)
    groups = [o.param_groups[0] for o in (agent.soft.optimiser, agent.soft.temperature.optimiser)]
    assert [(group["lr"], group["betas"][0]) for group in groups] == [(0.02, 0.5), (0.03, 0.5)]


def test_temperature_moves_by_how_much_entropy_is_missing() -> None:
    temperature = Temperature(0.3, -2.0, 1e-2)
    temperature.optimiser = torch.optim.SGD([temperature.log_alpha], 0.1)
    temperature.follow(torch.tensor([-4.0, -5.0]))  # 2.5 too little
    assert float(temperature.alpha) == pytest.approx(0.3 * math.exp(0.25), rel=1e-5)


def test_target_is_the_smallest_value_less_alpha_log_probability() -> None:
    soft, samples = learner(), random_samples(plain_layout())
    with torch.no_grad():
        for parameter in soft.critics.target.parameters():
            parameter.mul_(1.5)
        torch.manual_seed(3)
        raw, log_probability = soft.policy.sample(samples.next_obs)
        values = soft.critics.target(samples.next_obs, 0.8 * raw + 0.2 * samples.next_obs[:, -2:])
        value = values.min(0).values - 0.3 * log_probability
        wanted = samples.reward + samples.discount * (1 - samples.terminated) * value
    torch.manual_seed(3)
    _, target = soft.update_critics(samples, 0)
    torch.testing.assert_close(target, wanted)


@pytest.mark.parametrize("follows_mean", [False, True])
def test_policy_climbs_value_and_entropy_and_heeds_a_penalty(follows_mean: bool) -> None:
    soft, obs = learner(follows_mean), random_samples(plain_layout()).obs
    torch.manual_seed(4)
    raw, log_probability = soft.policy.sample(obs)
    q = soft.critics.online(obs, 0.8 * raw + 0.2 * obs[:, -2:])
    q = q.sum(0) / 3 if follows_mean else q.min(0).values
    loss = (0.3 * log_probability - q).mean() + 2.0 * (raw**2).mean()
    torch.manual_seed(4)
    found, entropy = assert_steps_down(
        loss, soft.policy.parameters(), 1e-3, lambda: soft.update_policy(obs, lambda u: 2.0 * (u**2).mean())
    )
    assert found == pytest.approx(float(loss.detach()), rel=1e-5)
    torch.testing.assert_close(entropy, -log_probability.detach())
    assert all(parameter.grad is None for parameter in soft.critics.online.parameters())


def test_figures_are_those_before_the_step() -> None:
    soft = learner()
    figures = soft.follow(torch.tensor([1.0, 2.0]))
    assert figures == pytest.approx({"alpha": 0.3, "entropy": 1.5, "entropy_bonus": 0.45})
    assert float(soft.temperature.alpha) < 0.3
