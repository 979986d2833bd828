# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Distributions brought onto bins, against hand-computed ones and a loop over all pairs of bins."""

import numpy as np
import pytest
import torch

from ros_rl.networks.bins import on_bins

BINS = torch.linspace(-2.0, 2.0, 5)


def test_each_number_gives_its_probability_to_the_bins_next_to_it() -> None:
    """0.6 at 0.25, 0.3 at -1 and 0.1 at 7, which is taken for 2."""
    found = on_bins(BINS, torch.tensor([0.25, -1.0, 7.0]), torch.tensor([0.6, 0.3, 0.1]))
    torch.testing.assert_close(found, torch.tensor([0.0, 0.3, 0.45, 0.15, 0.1]))


def test_a_distribution_moved_by_the_bellman_equation() -> None:
    """C51's example: reward 0.5 and discount 0.5 take the bins to -0.5, 0, 0.5, 1 and 1.5."""
    probability = torch.tensor([0.1, 0.2, 0.4, 0.2, 0.1])
    found = on_bins(BINS, 0.5 + 0.5 * BINS, probability)
    torch.testing.assert_close(found, torch.tensor([0.0, 0.05, 0.05 + 0.2 + 0.2, 0.2 + 0.2 + 0.05, 0.05]))
    assert float(found @ BINS) == pytest.approx(0.5)  # as 0.5 + 0.5 x 0


def test_it_is_what_the_triangles_around_the_bins_weigh() -> None:
    """Of each number z and bin b by 1 - |z - b| / distance, if that is positive; totals and means are kept."""
    torch.manual_seed(0)
    number, probability = 4.0 * torch.rand(7, 11) - 2.0, torch.softmax(torch.randn(7, 11), -1)
    found = on_bins(BINS, number, probability)
    share = np.clip(1.0 - np.abs(number.numpy()[..., None] - BINS.numpy()) / 1.0, 0.0, None)
    np.testing.assert_allclose(found, (probability.numpy()[..., None] * share).sum(1), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.sum(-1), torch.ones(7))
    torch.testing.assert_close(found @ BINS, (number * probability).sum(-1))


def test_bins_need_not_be_even() -> None:
    found = on_bins(torch.tensor([0.0, 1.0, 10.0]), torch.tensor([4.0]), torch.tensor([1.0]))
    torch.testing.assert_close(found, torch.tensor([0.0, 6.0 / 9.0, 3.0 / 9.0]))
