# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Learned reward and termination against finite differences, torch's losses and known functions."""

from collections.abc import Callable

import pytest
import torch
from dynamics import random_transitions
from torch import Tensor

from ros_rl.dynamics.heads import RewardHead, TerminationHead, TransitionHead


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def heads(hidden: int = 5) -> tuple[RewardHead, TerminationHead]:
    return RewardHead(3, 2, 1, hidden, 2), TerminationHead(3, 2, 1, hidden, 2)


def flat(x: Tensor) -> Tensor:
    return x.reshape(-1, x.shape[-1])


def test_losses_are_those_of_torch() -> None:
    reward, termination = heads()
    batch = random_transitions(3, 8)
    paid, ended = 5.0 + 2.0 * torch.randn(3, 8), (torch.rand(3, 8) < 0.5).float()
    reward.fit_normalisers(flat(batch[0]), paid.reshape(-1))
    termination.fit_normalisers(flat(batch[0]))
    for member in range(3):
        expected = torch.nn.functional.mse_loss(reward(*batch)[member], paid[member]) / paid.var()
        torch.testing.assert_close(reward.losses(*batch, paid)[member], expected)
        expected = torch.nn.functional.binary_cross_entropy(termination(*batch)[member], ended[member])
        torch.testing.assert_close(termination.losses(*batch, ended)[member], expected)


@pytest.mark.parametrize("which", [0, 1])
def test_gradients_agree_with_finite_differences(which: int) -> None:
    head = heads()[which].double()
    batch = [part.double() for part in random_transitions(3, 6)]
    wanted = (torch.rand(3, 6, dtype=torch.double) < 0.5).double()
    head.losses(*batch, wanted).sum().backward()
    for parameter in head.parameters():
        values, entries, gradient = [], parameter.data.view(-1), parameter.grad.view(-1)
        kept = entries[0].item()
        for sign in (1, -1):
            entries[0] = kept + sign * 1e-6
            values.append(head.losses(*batch, wanted).sum().item())
        entries[0] = kept
        assert (values[0] - values[1]) / 2e-6 == pytest.approx(gradient[0].item(), rel=1e-4, abs=1e-8)


def learned(head: TransitionHead, batch: list[Tensor], wanted: Tensor, steps: int) -> None:
    optimiser = torch.optim.Adam(head.parameters(), 1e-2)
    for _ in range(steps):
        index = torch.randint(0, len(wanted), (3, 100))
        optimiser.zero_grad()
        head.losses(*(part[index] for part in batch), wanted[index]).sum().backward()
        optimiser.step()


@pytest.mark.parametrize("learn", [
    lambda x, last, u, after: 3.0 + after[..., 0] - 0.5 * ((u - last) ** 2)[..., 0],
    lambda x, last, u, after: (after[..., 1] - x[..., 0] > 0.0).float(),
])  # fmt: skip
def test_a_known_function_of_the_transition_is_learned(learn: Callable[..., Tensor]) -> None:
    batch = [part[0] for part in random_transitions(1, 2000)]
    wanted = learn(*batch)
    reward, termination = heads(32)
    if set(wanted.unique().tolist()) == {0.0, 1.0}:
        termination.fit_normalisers(batch[0])
        learned(termination, batch, wanted, 200)
        right = (termination(*(part[None] for part in batch)) > 0.5) == (wanted > 0.5)
        assert (right.float().mean(1) > 0.95).all()
    else:
        reward.fit_normalisers(batch[0], wanted)
        learned(reward, batch, wanted, 300)
        error = reward(*(part[None] for part in batch)) - wanted
        assert (error.pow(2).mean(1).sqrt() < 0.25 * wanted.std()).all()
