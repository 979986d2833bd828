# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Members of a dropout model are masks: fixed along a rollout, drawn anew on request and in training."""

import pytest
import torch
from dynamics import loss_of, random_transitions, small_model
from torch import nn

from ros_rl.dynamics.dropout import DropoutMLP


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_masks_by_hand() -> None:
    net = DropoutMLP(2, 3, 4, 2, 1, rate=0.5)
    for mask in net.masks:
        mask[:, 0] = torch.tensor([[2.0, 0.0, 2.0, 0.0], [0.0, 2.0, 0.0, 2.0]])
    x = torch.randn(5, 3)
    for member, kept in enumerate(([0, 2], [1, 3])):
        hidden = nn.functional.silu(net.hidden[0](x))[:, kept] * 2.0
        second = net.hidden[1]
        hidden = nn.functional.silu(hidden @ second.weight[kept][:, kept] + second.bias[kept]) * 2.0
        expected = hidden @ net.output.weight[kept] + net.output.bias
        torch.testing.assert_close(net(x[None])[member], expected)


def test_masks_keep_the_expected_share_and_mean() -> None:
    masks = DropoutMLP(400, 1, 50, 1, 1, rate=0.2).masks[0]
    assert set(masks.unique().tolist()) == {0.0, 1.25}
    assert masks.mean().item() == pytest.approx(1.0, abs=0.02)


def test_members_stay_the_same_functions_until_drawn_anew() -> None:
    model = small_model("dropout", dropout=0.3)
    x, last, u, next_state = random_transitions(3, 6)
    before = model.predict(x, last, u)
    for _ in range(3):  # a step of training draws masks of its own and leaves the members alone
        loss_of(model, [x, last, u, next_state])
    assert torch.equal(model.predict(x, last, u), before)
    # the same state in another place of the batch, as later in a rollout, meets the same mask
    torch.testing.assert_close(model.predict(x.flip(1), last.flip(1), u.flip(1)), before.flip(1))
    model.draw_members()
    assert not torch.equal(model.predict(x, last, u), before)


def test_training_draws_masks_and_evaluation_does_not() -> None:
    model = small_model("dropout", dropout=0.3)
    batch = random_transitions(3, 6)
    assert not torch.equal(model.losses(*batch), model.losses(*batch))
    model.eval()
    assert torch.equal(model.losses(*batch), model.losses(*batch))


def test_members_are_saved_with_the_weights() -> None:
    model, other = small_model("dropout", dropout=0.3), small_model("dropout", dropout=0.3)
    x, last, u, _ = random_transitions(3, 6)
    other.load_state_dict(model.state_dict())
    assert torch.equal(model.predict(x, last, u), other.predict(x, last, u))


def test_the_mean_alone_is_the_mean_of_the_distribution() -> None:
    model = small_model("dropout")
    x, last, u, next_state = random_transitions(3, 7)
    model.fit_normalisers(x.reshape(-1, 2), next_state.reshape(-1, 2))
    torch.testing.assert_close(model.predict(x, last, u), model.distribution(x, last, u)[0], rtol=1e-6, atol=1e-6)
