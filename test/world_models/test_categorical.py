# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Latent variables: drawn as often as they are probable, with gradients by hand, and divergences by hand."""

import math

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from ros_rl.world_models.categorical import balanced, divergence, draw, log_mixed, mixed, one_of, uniform_of


def test_a_share_is_uniform() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)], [100.0, 0.0]])
    expected = torch.tensor([[0.275, 0.725], [0.95, 0.05]])  # 0.9 (1/4, 3/4) + 0.05; 0.9 (1, 0) + 0.05
    torch.testing.assert_close(mixed(logits, 0.1), expected)


def test_classes_are_drawn_as_often_as_they_are_probable() -> None:
    probability = torch.tensor([0.2, 0.5, 0.0, 0.3])
    uniform = (torch.arange(1000) + 0.5) / 1000
    drawn = draw(probability.expand(1000, 4), uniform)
    torch.testing.assert_close(drawn.mean(0), probability)
    assert set(drawn.unique().tolist()) <= {0.0, 1.0} and bool((drawn.sum(-1) == 1).all())


def test_the_last_class_is_drawn_where_rounding_leaves_the_sum_short() -> None:
    probability = torch.tensor([0.5, 0.4999999])
    assert draw(probability, torch.tensor(0.99999994)).tolist() == [0.0, 1.0]
    assert draw(probability, torch.tensor(0.0)).tolist() == [1.0, 0.0]


def test_what_is_drawn_has_the_gradient_of_its_probabilities() -> None:
    logits, weight = torch.tensor([0.3, -1.0, 0.7], requires_grad=True), torch.tensor([1.0, -2.0, 5.0])
    (draw(mixed(logits, 0.0), torch.tensor(0.1)) * weight).sum().backward()
    p = torch.softmax(logits.detach(), -1)
    torch.testing.assert_close(logits.grad, p * (weight - (p * weight).sum()))


def test_a_class_is_named_by_its_index() -> None:
    assert one_of(torch.full((2, 3), 1 / 3), torch.tensor([[2], [0]])).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_uniform_numbers_from_normal_ones() -> None:
    normal = torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    found = uniform_of(normal).sort().values
    torch.testing.assert_close(found, (torch.arange(20_000) + 0.5) / 20_000, atol=0.02, rtol=0)
    extreme = uniform_of(torch.tensor([-40.0, 0.0, 40.0]))
    assert 0.0 < extreme[0] < 1e-5 and extreme[1] == 0.5 and 1.0 - 1e-5 < extreme[2] < 1.0


P = torch.tensor([[0.5, 0.5], [0.9, 0.1]])
Q = torch.tensor([[0.25, 0.75], [0.9, 0.1]])
APART = 0.5 * math.log(2.0) + 0.5 * math.log(2.0 / 3.0)


def test_divergence_by_hand() -> None:
    assert float(divergence(P.log(), Q.log())) == pytest.approx(APART)
    assert float(divergence(Q.log(), Q.log())) == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_divergence_is_that_of_torchs_distributions(share: float) -> None:
    """Also where a probability is too small for float32, with the gradient of logits."""
    g = torch.Generator().manual_seed(0)
    p, q = torch.randn(2, 6, 3, 5, generator=g)
    p[0, 0, 0], q[1, 1, 1], q[2, 0, 3] = 120.0, 150.0, -200.0
    found = divergence(log_mixed(p.requires_grad_(), share), log_mixed(q.requires_grad_(), share))
    found.sum().backward()
    ours = torch.cat([p.grad, q.grad])
    exact = [each.detach().double().requires_grad_() for each in (p, q)]
    of = [Categorical(logits=((1.0 - share) * torch.softmax(each, -1) + share / 5).log()) for each in exact]
    expected = kl_divergence(*of).sum(-1)
    expected.sum().backward()
    torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ours, torch.cat([each.grad for each in exact]).float(), rtol=1e-3, atol=1e-5)


def test_balanced_divergence_by_hand() -> None:
    """The prior learns with weight 0.8 and the posterior with 0.1; below the free nats neither does."""
    prior, posterior = Q.clone().requires_grad_(), P.clone().requires_grad_()
    cost = balanced(posterior.log(), prior.log(), 0.0, 0.8, 0.1)
    assert float(cost) == pytest.approx(0.9 * APART)
    cost.backward()
    torch.testing.assert_close(prior.grad, -0.8 * P / Q)
    torch.testing.assert_close(posterior.grad, 0.1 * ((P / Q).log() + 1.0))
    prior, posterior = Q.clone().requires_grad_(), P.clone().requires_grad_()
    cost = balanced(posterior.log(), prior.log(), 1.0, 0.8, 0.1)
    cost.backward()
    assert float(cost) == pytest.approx(0.9)
    assert not prior.grad.any() and not posterior.grad.any()
