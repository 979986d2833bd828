# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Squashed samples against torch's own distributions, and their way back against finite differences."""

import torch

from ros_rl.networks.squashing import squashed_sample


def test_log_probability_is_that_of_torchs_transformed_normal() -> None:
    torch.manual_seed(0)
    output, noise = torch.randn(6, 4, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64)
    action, log_probability = squashed_sample(output, noise)
    normal = torch.distributions.Normal(output[:, :2], output[:, 2:].exp())
    squashed = torch.distributions.TransformedDistribution(normal, [torch.distributions.TanhTransform()])
    torch.testing.assert_close(log_probability, squashed.log_prob(action).sum(-1))
    torch.testing.assert_close(action, torch.tanh(output[:, :2] + output[:, 2:].exp() * noise))


def test_way_back_is_that_of_finite_differences_also_of_clipped_deviations() -> None:
    torch.manual_seed(1)
    output, noise = torch.rand(5, 4, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    output[0, 2], output[1, 3] = 9.0, -7.0  # beyond either limit
    output.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: squashed_sample(x, noise), output)
    action, log_probability = squashed_sample(output, noise)
    (slope,) = torch.autograd.grad(action.sum() + log_probability.sum(), output)
    assert slope[0, 2] == slope[1, 3] == 0.0 and (slope[2:] != 0.0).all()
