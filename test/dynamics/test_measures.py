# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Measures of predictions against closed forms, torch.distributions and plain loops."""

import math

import pytest
import torch
from torch.distributions import Normal

from ros_rl.dynamics.measures import auroc, coverage, disagreement, energy_distance, gaussian_nll, mixture_moments


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_energy_distance_of_shifted_gaussians() -> None:
    """For N(0, 1) and N(d, 1): E|X - Y| of N(d, 2) is 2/sqrt(pi) exp(-d^2/4) + d erf(d/2)."""
    a, b = torch.randn(4000, 1, dtype=torch.double), 1.5 + torch.randn(4000, 1, dtype=torch.double)
    across = 2 / math.sqrt(math.pi) * math.exp(-(1.5**2) / 4) + 1.5 * math.erf(0.75)
    assert energy_distance(a, b).item() == pytest.approx(2 * across - 4 / math.sqrt(math.pi), abs=0.06)
    assert energy_distance(torch.randn(4000, 1), torch.randn(4000, 1)).item() == pytest.approx(0.0, abs=0.005)


def test_energy_distance_by_hand() -> None:
    a, b = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [5.0]])
    assert energy_distance(a, b).item() == pytest.approx(2 * (1 + 5 + 1 + 3) / 4 - 2 - 4)
    assert energy_distance(a.expand(3, -1, -1), b.expand(3, -1, -1)).shape == (3,)


def test_likelihood_is_that_of_torch() -> None:
    mean, std, value = torch.randn(5, 3), torch.rand(5, 3) + 0.1, torch.randn(5, 3)
    torch.testing.assert_close(gaussian_nll(mean, std, value), -Normal(mean, std).log_prob(value).sum(-1))


def test_coverage_of_a_gaussian() -> None:
    value = 3.0 + 2.0 * torch.randn(40_000)
    for sigmas, share in ((1.0, 0.6827), (2.0, 0.9545)):
        assert coverage(value - 3.0, torch.tensor(2.0), sigmas) == pytest.approx(share, abs=0.01)


def test_mixture_has_the_moments_of_its_samples() -> None:
    mean, std = torch.tensor([[-1.0], [2.0]]), torch.tensor([[0.5], [1.0]])
    drawn = (mean + std * torch.randn(2, 100_000)).reshape(-1)
    middle, deviation = mixture_moments(mean, std)
    assert middle.item() == pytest.approx(drawn.mean().item(), abs=0.02)
    assert deviation.item() == pytest.approx(drawn.std().item(), abs=0.02)
    assert disagreement(mean[:, None]).item() == pytest.approx(1.5)


def test_auroc_by_counting_pairs() -> None:
    negative, positive = torch.randint(0, 5, (40,)).float(), torch.randint(2, 7, (30,)).float()
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for n in negative for p in positive]
    assert auroc(negative, positive) == pytest.approx(sum(pairs) / len(pairs))
    assert auroc(negative, negative) == pytest.approx(0.5)
