# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Numbers as distributions over bins, against hand-computed ones."""

import math

import pytest
import torch

from ros_rl.world_models.two_hot import TwoHot, symexp, symlog


def test_squashing_and_back() -> None:
    x = torch.tensor([-1000.0, -1.0, 0.0, 1e-3, 3.0])
    torch.testing.assert_close(symlog(x), torch.tensor([-math.log(1001.0), -math.log(2.0), 0.0, 9.995e-4, math.log(4)]))
    torch.testing.assert_close(symexp(symlog(x)), x)


def test_a_number_is_shared_by_the_bins_next_to_it() -> None:
    """Of five bins up to log(1 + 8) the outer ones are +-8, the inner ones +-2."""
    head = TwoHot(1, 4, 5, math.log(9.0))
    torch.testing.assert_close(head.bins, torch.tensor([-8.0, -2.0, 0.0, 2.0, 8.0]))
    shared = head.shared(torch.tensor([0.5, -2.0, 5.0, 100.0, -100.0]))
    expected = [[0, 0, 0.75, 0.25, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0.5, 0.5], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]
    torch.testing.assert_close(shared, torch.tensor(expected))
    torch.testing.assert_close(shared @ head.bins, torch.tensor([0.5, -2.0, 5.0, 8.0, -8.0]))


def test_it_begins_at_zero_and_learns_the_mean() -> None:
    torch.manual_seed(0)
    head, x = TwoHot(2, 16, 41, 6.0), torch.eye(2).repeat(64, 1)
    assert head(x).abs().max() == 0.0
    targets = torch.tensor([[300.0, -30.0], [100.0, -10.0]]).repeat(32, 1).flatten()
    optimiser = torch.optim.Adam(head.parameters(), 3e-3)
    for _ in range(400):
        optimiser.zero_grad()
        head.loss(x, targets).mean().backward()
        optimiser.step()
    assert head(torch.eye(2)).tolist() == pytest.approx([200.0, -20.0], rel=0.05)


def test_loss_is_the_cross_entropy() -> None:
    head = TwoHot(1, 4, 5, math.log(9.0))
    assert float(head.loss(torch.zeros(1), torch.tensor(1.0)).detach()) == pytest.approx(math.log(5.0))
