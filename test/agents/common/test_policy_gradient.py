# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The clipped Gaussian, returns, and which data counts as new."""

import math

import numpy as np
import pytest
import torch
from bandits import layout, one_step, set_policy
from torch.distributions import Normal

from ros_rl.agents.common.policy_gradient import NewData, discounted_sums, joined, mean_of_others, minibatches
from ros_rl.agents.common.samples import Inputs
from ros_rl.layout import Field, Layout
from ros_rl.networks.policies import ClippedGaussianPolicy
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.types import Transition


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_log_probability_is_a_density_inside_and_a_mass_at_the_limits() -> None:
    policy = ClippedGaussianPolicy(4, 1, 16, 0.7).double()
    x = 2 * torch.randn(5, 4).double()
    mean, log_std = (value[:, 0] for value in policy(x))
    reference = Normal(mean, log_std.exp())
    grid = torch.linspace(-1, 1, 1002).double()[1:-1]
    inside = torch.stack([policy.log_probability(x, u.expand(5, 1))[0].detach().exp() for u in grid])
    low, high = (policy.log_probability(x, torch.full((5, 1), u).double())[0].exp() for u in (-1.0, 1.0))
    torch.testing.assert_close(inside, reference.log_prob(grid[:, None]).exp().detach())
    torch.testing.assert_close(low, reference.cdf(torch.tensor(-1.0).double()))
    torch.testing.assert_close(high, 1 - reference.cdf(torch.tensor(1.0).double()))
    total = low + high + torch.trapezoid(inside, grid, dim=0) + (inside[0] + inside[-1]) * 2e-3
    torch.testing.assert_close(total.detach(), torch.ones(5).double(), rtol=1e-3, atol=1e-3)


def test_log_probability_and_gradient_stay_finite_far_away() -> None:
    policy = ClippedGaussianPolicy(1, 1, 8, 0.5)
    set_policy(policy, -0.999, math.exp(-5))
    action = torch.tensor([[1.0], [-1.0], [0.999], [-0.999], [0.0]])
    log_probability, _ = policy.log_probability(torch.zeros(5, 1), action)
    log_probability.sum().backward()
    assert torch.isfinite(log_probability).all()
    assert all(torch.isfinite(p.grad).all() for p in policy.parameters() if p.grad is not None)


def test_entropy_is_that_of_the_gaussian() -> None:
    policy = ClippedGaussianPolicy(3, 2, 8, 0.4)
    x = torch.randn(6, 3)
    mean, log_std = policy(x)
    expected = Normal(mean, log_std.exp()).entropy().sum(-1)
    torch.testing.assert_close(policy.log_probability(x, torch.zeros(6, 2))[1], expected)


def test_actions_have_the_mean_and_deviation_and_stay_within_limits() -> None:
    policy = ClippedGaussianPolicy(2, 2, 8, 0.3)
    x, noise = torch.randn(7, 2), 3 * torch.randn(7, 2)
    mean, log_std = policy(x)
    torch.testing.assert_close(policy.act(x, torch.zeros(7, 2)), mean)
    torch.testing.assert_close(policy.act(x, noise), (mean + log_std.exp() * noise).clip(-1, 1))
    assert (mean.abs() < 1).all() and 0.15 < log_std.exp().mean() < 0.6


@pytest.mark.parametrize("smoothing", [0.0, 0.3, 0.95])
def test_smoothing_is_undone_so_that_clipped_actions_are_recognised(smoothing: float) -> None:
    """In float32, through a replay buffer: limits stay limits and inner actions stay what they were."""
    fields = (Field("x", (2,), "1", 0.5, "state"), Field("last_action", (3,), "1", 1.0, "action"))
    spec = Layout("robot", ["a", "b", "c"], (*fields, Field("pending_actions", (0,), "1", 1.0, "action")))
    inputs = Inputs(spec, smoothing)
    raw = (1.5 * torch.randn(500, 3)).clip(-1, 1)
    observation = torch.cat([torch.randn(500, 2), torch.rand(500, 3) * 2 - 1], 1)
    acted = inputs.smooth(raw, inputs(observation))
    assert acted.abs().max() <= 1.0
    found = inputs.unsmooth(acted, inputs(observation))
    torch.testing.assert_close(found, raw, rtol=0, atol=5e-6)
    policy = ClippedGaussianPolicy(5, 3, 8, 0.5)
    expected = policy.log_probability(inputs(observation), raw)[0]
    torch.testing.assert_close(policy.log_probability(inputs(observation), found)[0], expected, rtol=1e-4, atol=1e-3)


def test_discounted_sums_by_hand() -> None:
    sums = discounted_sums(torch.tensor([1.0, 2.0, 4.0]), 0.5, tail=8.0)
    torch.testing.assert_close(sums, torch.tensor([1 + 1 + 1 + 1.0, 2 + 2 + 2.0, 4 + 4.0]))


def test_mean_of_others_by_hand_counts_zero_after_an_end() -> None:
    means = mean_of_others([torch.tensor([1.0, 2.0]), torch.tensor([3.0]), torch.tensor([5.0, 6.0, 7.0])])
    expected = [[4.0, 3.0], [3.0], [2.0, 1.0, 0.0]]
    assert [each.tolist() for each in means] == expected


def replay_with(count: int = 0) -> tuple[ReplayBuffer, np.random.Generator]:
    replay, rng = ReplayBuffer(100, 1, 1), np.random.default_rng(0)
    for index in range(count):
        replay.add(one_step(index, rng))
    return replay, rng


def test_minibatches_hold_every_sample_once() -> None:
    replay, _ = replay_with(23)
    inputs = Inputs(layout(), 0.0)
    samples = joined([inputs.samples(episode) for episode in replay.episodes_since(0)])
    parts = minibatches(samples, 5)
    assert [len(part.reward) for part in parts] == [5, 5, 5, 5, 3]
    pairs = {(float(x), float(r)) for part in parts for x, r in zip(part.obs, part.reward, strict=True)}
    assert pairs == {(float(x), float(r)) for x, r in zip(samples.obs, samples.reward, strict=True)}
    assert len(pairs) == 23


def step_of(episode: int, tick: int, ends: bool) -> Transition:
    return Transition(tick, episode, np.full(1, tick), np.zeros(1), float(tick), np.full(1, tick + 1), False, ends)


def test_new_episodes_leave_out_warmup_and_come_once() -> None:
    replay, new = ReplayBuffer(100, 1, 1), NewData()
    lengths, given, tick = [4, 3, 3, 2, 2, 5], [], 0
    for episode, length in enumerate(lengths):
        for k in range(length):
            replay.add(step_of(episode, tick, k == length - 1))
            tick += 1
            if tick >= 6:  # from the middle of the second episode on the policy acts
                given.append([batch.reward.tolist() for batch in new.episodes(replay, 2)])
    found = [each for each in given if each]
    assert found == [[[7.0, 8.0, 9.0], [10.0, 11.0]], [[12.0, 13.0], [14.0, 15.0, 16.0, 17.0, 18.0]]]
    replay.add(step_of(6, 19, True))
    assert new.episodes(replay, 2) == []
    assert [batch.reward.tolist() for batch in new.episodes(replay, 1)] == [[19.0]]


def test_new_steps_come_once_and_in_order() -> None:
    replay, rng = replay_with(10)
    new = NewData()
    assert new.steps(replay) is None
    added = [one_step(10 + i, rng) for i in range(3)]
    for transition in added:
        replay.add(transition)
    batch = new.steps(replay)
    assert batch is not None
    np.testing.assert_allclose(batch.reward, [t.reward for t in added], rtol=1e-6)
    assert new.steps(replay) is None


def test_an_episode_that_lost_its_beginning_is_not_whole() -> None:
    replay = ReplayBuffer(6, 1, 1)
    for tick in range(4):
        replay.add(step_of(0, tick, tick == 3))
    for tick in range(4, 8):
        replay.add(step_of(1, tick, tick == 7))
    assert [batch.reward.tolist() for batch in replay.episodes_since(0)] == [[4.0, 5.0, 6.0, 7.0]]
