# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Learned reward and termination against finite differences, torch's losses and known functions."""

from collections.abc import Callable

import pytest
import torch
from dynamics import random_transitions
from torch import Tensor, nn

from ros_rl.dynamics.heads import RewardHead, TerminationHead


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def batch_of(count: int) -> list[Tensor]:
    return [part[0] for part in random_transitions(1, count)]


def test_losses_are_those_of_torch() -> None:
    reward, termination = RewardHead(2, 1, 5, 2), TerminationHead(2, 5, 2)
    batch = batch_of(8)
    paid, ended = 5.0 + 2.0 * torch.randn(8), (torch.rand(8) < 0.5).float()
    reward.fit_normalisers(batch[0], paid)
    termination.fit_normalisers(batch[0])
    expected = nn.functional.mse_loss(reward(*batch), paid) / paid.var()
    torch.testing.assert_close(reward.loss(*batch, paid), expected)
    expected = nn.functional.binary_cross_entropy(torch.sigmoid(termination(batch[3])), ended)
    torch.testing.assert_close(termination.loss(batch[3], ended), expected)


def test_leading_dimensions_are_kept_and_actions_broadcast() -> None:
    reward, termination = RewardHead(2, 1, 5, 2), TerminationHead(2, 5, 2)
    x, next_x, last, u = torch.randn(3, 4, 2), torch.randn(3, 4, 2), torch.randn(4, 1), torch.randn(4, 1)
    for found in (reward(x, last, u, next_x), termination(next_x)):
        assert found.shape == (3, 4)
    alone = reward(x[2, 1:2], last[1:2], u[1:2], next_x[2, 1:2])
    torch.testing.assert_close(reward(x, last, u, next_x)[2, 1:2], alone)


@pytest.mark.parametrize("which", ["reward", "termination"])
def test_gradients_agree_with_finite_differences(which: str) -> None:
    batch = [part.double() for part in batch_of(6)]
    wanted = (torch.rand(6, dtype=torch.double) < 0.5).double()
    head: nn.Module = RewardHead(2, 1, 5, 2) if which == "reward" else TerminationHead(2, 5, 2)
    arguments = [*batch, wanted] if which == "reward" else [batch[3], wanted]
    head = head.double()
    head.loss(*arguments).backward()
    for parameter in head.parameters():
        values, entries, gradient = [], parameter.data.view(-1), parameter.grad.view(-1)
        kept = entries[0].item()
        for sign in (1, -1):
            entries[0] = kept + sign * 1e-6
            values.append(head.loss(*arguments).item())
        entries[0] = kept
        assert (values[0] - values[1]) / 2e-6 == pytest.approx(gradient[0].item(), rel=1e-4, abs=1e-8)


def descend(head: nn.Module, loss: Callable[[Tensor], Tensor], steps: int) -> None:
    optimiser = torch.optim.Adam(head.parameters(), 1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(torch.randint(0, 2000, (100,))).backward()
        optimiser.step()


def test_a_reward_is_learned_from_all_that_it_may_depend_on() -> None:
    x, last, u, next_x = batch = batch_of(2000)
    paid = 3.0 + next_x[:, 0] - 0.5 * x[:, 1] - 0.5 * ((u - last) ** 2)[:, 0]
    head = RewardHead(2, 1, 32, 2)
    head.fit_normalisers(x, paid)
    descend(head, lambda index: head.loss(*(part[index] for part in batch), paid[index]), 300)
    error = head(*batch) - paid
    assert error.pow(2).mean().sqrt() < 0.25 * paid.std()


def test_a_termination_is_learned() -> None:
    next_x = batch_of(2000)[3]
    ended = (next_x[:, 1] - next_x[:, 0] > 1.0).float()
    head = TerminationHead(2, 32, 2)
    head.fit_normalisers(next_x)
    descend(head, lambda index: head.loss(next_x[index], ended[index]), 200)
    assert ((head(next_x) > 0.0) == (ended > 0.5)).float().mean() > 0.95
