# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Policy and critics against torch.distributions and torch's own layers."""

import pytest
import torch
from torch.distributions import Normal, TransformedDistribution
from torch.distributions.transforms import TanhTransform

from ros_rl.networks.critics import CriticEnsemble, polyak
from ros_rl.networks.policies import SquashedGaussianPolicy


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_log_probability_equals_torch_distributions() -> None:
    policy = SquashedGaussianPolicy(5, 3, 16).double()
    x = 3 * torch.randn(200, 5).double()
    action, log_probability = policy.sample(x)
    mean, log_std = policy(x)
    squashed = TransformedDistribution(Normal(mean, log_std.exp()), [TanhTransform()])
    inside = (action.abs() < 0.9999).all(-1)  # the reference inverts tanh, which loses digits near 1
    assert inside.sum() > 100
    expected = squashed.log_prob(action).sum(-1)
    torch.testing.assert_close(log_probability[inside], expected[inside], rtol=1e-6, atol=1e-6)


def test_log_probability_is_finite_where_tanh_saturates() -> None:
    policy = SquashedGaussianPolicy(2, 1, 8)
    with torch.no_grad():
        policy.net.net[-1].bias[..., 0] = 100.0
        policy.net.net[-1].bias[..., 1] = -1.0
        x, noise = torch.zeros(1, 2), torch.zeros(1, 1)
        action, log_probability = policy.sample(x, noise)
        mean, log_std = policy(x)
    assert action.item() == 1.0
    # log(1 - tanh(m)^2) tends to log 4 - 2 m
    expected = -log_std - 0.5 * torch.log(torch.tensor(2 * torch.pi)) - (torch.log(torch.tensor(4.0)) - 2 * mean)
    torch.testing.assert_close(log_probability, expected[:, 0])


def test_given_noise_decides_the_action() -> None:
    policy = SquashedGaussianPolicy(4, 2, 8)
    x, noise = torch.randn(6, 4), torch.randn(6, 2)
    mean, log_std = policy(x)
    torch.testing.assert_close(policy.act(x, noise), torch.tanh(mean + log_std.exp() * noise))
    torch.testing.assert_close(policy.act(x, noise), policy.sample(x, noise)[0])
    torch.testing.assert_close(policy.act(x, torch.zeros(6, 2)), torch.tanh(mean))


def test_deviation_stays_within_its_bounds() -> None:
    policy = SquashedGaussianPolicy(4, 2, 8)
    _, log_std = policy(1e5 * torch.randn(500, 4))
    assert log_std.min() == -5.0 and log_std.max() == 2.0


def test_critics_see_input_and_action_and_differ() -> None:
    critics = CriticEnsemble(3, 6, 16, "layer")
    x, action = torch.randn(9, 4), torch.randn(9, 2)
    values = critics(x, action)
    assert values.shape == (3, 9)
    assert (values[0] - values[1]).abs().max() > 1e-3
    together = torch.cat([x, action], -1)
    for row in range(9):  # each row by itself gives the same
        single = critics(together[row : row + 1, :4], together[row : row + 1, 4:])
        torch.testing.assert_close(single[:, 0], values[:, row], rtol=1e-4, atol=1e-5)


def test_polyak_moves_by_the_share() -> None:
    source, target = CriticEnsemble(2, 3, 8), CriticEnsemble(2, 3, 8)
    before = [parameter.clone() for parameter in target.parameters()]
    polyak(target.parameters(), source.parameters(), 0.1)
    for new, old, aim in zip(target.parameters(), before, source.parameters(), strict=True):
        torch.testing.assert_close(new, 0.9 * old + 0.1 * aim)
    polyak(target.parameters(), source.parameters(), 1.0)
    for new, aim in zip(target.parameters(), source.parameters(), strict=True):
        torch.testing.assert_close(new, aim)
