# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Policies on latents, against torch's own distributions."""

import pytest
import torch
from torch.distributions import Categorical, Normal

from ros_rl.world_models.actors import ChoiceActor, ContinuousActor

G = torch.Generator().manual_seed(0)
FEATURES = torch.randn(4000, 6, generator=G)


def test_continuous_actions_are_of_a_bounded_gaussian() -> None:
    torch.manual_seed(0)
    actor = ContinuousActor(6, 16, 2, 0.1)
    with torch.no_grad():
        actor.net.out.weight.mul_(100.0)
        code = actor.draw(FEATURES, torch.randn(4000, 2, generator=G))
        mean, width = actor.net(FEATURES).chunk(2, -1)
        expected = Normal(torch.tanh(mean), 0.1 + 0.9 * torch.sigmoid(width + 2.0))
        density, entropy = actor.judge(FEATURES, code)
    torch.testing.assert_close(density, expected.log_prob(code).sum(-1))
    torch.testing.assert_close(entropy, expected.entropy().sum(-1))
    spread = ((code - expected.mean) / expected.stddev).std(0)
    torch.testing.assert_close(spread, torch.ones(2), atol=0.05, rtol=0)
    assert actor.draw(FEATURES, torch.zeros(2)).abs().max() < 1.0


def test_choices_are_drawn_by_their_probabilities() -> None:
    torch.manual_seed(0)
    actor = ChoiceActor(6, 16, 3, 0.1)
    with torch.no_grad():
        actor.net.out.bias[:] = torch.tensor([2.0, 0.0, 1.0])
        one = FEATURES[:1].expand(4000, 6)
        code = actor.draw(one, torch.randn(4000, 3, generator=G))
        probability = 0.9 * torch.softmax(actor.net(one), -1) + 0.1 / 3
        expected = Categorical(probability)
        density, entropy = actor.judge(one, code)
    torch.testing.assert_close(code.mean(0), probability[0], atol=0.03, rtol=0)
    torch.testing.assert_close(density, expected.log_prob(code.argmax(-1)))
    torch.testing.assert_close(entropy, expected.entropy())
    best = actor.draw(one[:1], torch.zeros(1, 3))
    assert actor.action(best).tolist() == [[0.0]]


@pytest.mark.parametrize("apart", [1.0, 150.0])
def test_choices_without_a_uniform_share_are_judged_wherever_they_are(apart: float) -> None:
    """Also where a probability is too small for float32."""
    actor = ChoiceActor(6, 16, 3, 0.0)
    with torch.no_grad():
        actor.net.out.bias[:] = torch.tensor([apart, 0.0, -apart])
    logits = actor.net(FEATURES[:9])
    expected = Categorical(logits=logits.double())
    density, entropy = actor.judge(FEATURES[:9], torch.eye(3).repeat(3, 1))
    torch.testing.assert_close(density, expected.log_prob(torch.arange(3).repeat(3)).float())
    torch.testing.assert_close(entropy, expected.entropy().float())
    (density + entropy).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in actor.parameters())


@pytest.mark.parametrize(
    ("actor", "action"),
    [(ChoiceActor(6, 4, 5, 0.0), torch.tensor([[3.0], [0.0]])), (ContinuousActor(6, 4, 2, 0.1), torch.rand(2, 2))],
)
def test_codes_and_actions_are_the_same(actor, action) -> None:
    code = actor.code(action)
    assert code.shape == (2, actor.code_size)
    torch.testing.assert_close(actor.action(code), action)
