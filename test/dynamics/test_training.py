# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The gradient step that agents and fits share: each member's own batch, the penalty, and what learns beside it."""

import torch
from dynamics import loss_of, random_transitions, small_model
from model_based import assert_steps_down
from torch import nn

from ros_rl.dynamics.training import ModelOptimiser


def test_a_step_goes_down_the_members_losses_the_penalty_and_what_is_beside() -> None:
    torch.manual_seed(0)
    model, head = small_model("gaussian", hidden=16), nn.Linear(4, 4)
    batch, x = random_transitions(3, 6), torch.randn(5, 4)
    optimiser = ModelOptimiser(model, 1e-3, 0.0, head.parameters())
    loss = loss_of(model, batch) + head(x).square().mean()
    expected = model.losses(*batch).detach()
    parameters = [*model.parameters(), *head.parameters()]
    found = assert_steps_down(loss, parameters, 1e-3, lambda: optimiser.step([batch], [head(x).square().mean()]))
    torch.testing.assert_close(found, expected)


def test_members_learn_from_their_own_batches_alone() -> None:
    torch.manual_seed(0)
    one, batch = small_model("deterministic"), random_transitions(3, 6)
    other = small_model("deterministic")
    other.load_state_dict(one.state_dict())
    ModelOptimiser(one, 1e-3, 0.0).step([batch])
    changed = [part.clone() for part in batch]
    changed[3][2] += 1.0
    ModelOptimiser(other, 1e-3, 0.0).step([changed])
    for a, b in zip(one.member_parameters(), other.member_parameters(), strict=True):
        assert torch.equal(a[:2], b[:2])
    assert any(not torch.equal(a[2], b[2]) for a, b in zip(one.parameters(), other.parameters(), strict=True))
