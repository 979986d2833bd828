# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observations as networks see them, and the smoothing of actions, by hand."""

import numpy as np
import pytest
import torch

from ros_rl.agents.common.samples import Inputs
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.types import Transition


def layout(last: int = 2, delay: int = 1) -> Layout:
    fields = [
        Field("position", (1,), "m", 4.0, "state"),
        Field("velocity", (1,), "m/s", 0.1, "state"),
        Field(LAST_ACTION, (last,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (delay * last,), "1", 1.0, "action"),
    ]
    return Layout("toy", ("one", "two"), fields, delay if last else 0)


def test_each_field_has_its_own_scale() -> None:
    seen = Inputs(layout(), 0.0)(torch.tensor([[0.5, 20.0, 0.1, 0.2, 0.3, 0.4]]))
    torch.testing.assert_close(seen, torch.tensor([[2.0, 2.0, 0.1, 0.2, 0.3, 0.4]]))


@pytest.mark.parametrize("delay", [0, 1])
def test_smoothing_mixes_with_the_newest_action(delay: int) -> None:
    """That is the last pending one, or the one that acted last where none is pending."""
    inputs = Inputs(layout(delay=delay), 0.25)
    obs = torch.tensor([[2.0, 2.0, -0.8, -0.4, 0.8, 0.4][: 4 + 2 * delay]])
    newest = torch.tensor([0.8, 0.4]) if delay else torch.tensor([-0.8, -0.4])
    action = torch.tensor([[1.0, -1.0]])
    acting = inputs.smooth(action, obs)
    torch.testing.assert_close(acting, 0.75 * action + 0.25 * newest)
    torch.testing.assert_close(inputs.unsmooth(acting, obs), action)


def test_nothing_is_smoothed_without_need_or_memory() -> None:
    obs, action = torch.ones(1, 6), torch.tensor([[0.5, -0.5]])
    for inputs in (Inputs(layout(), 0.0), Inputs(layout(last=0), 0.5)):
        assert inputs.smooth(action, obs) is action and inputs.unsmooth(action, obs) is action


def test_a_batch_as_tensors() -> None:
    replay, inputs = ReplayBuffer(10, 6, 2, gamma=0.9), Inputs(layout(), 0.25)
    obs, following = np.arange(6) / 10, 1.0 + np.arange(6) / 10
    replay.add(Transition(0, 0, obs, np.array([0.3, -0.3]), 2.5, following, True, False))
    found = inputs.samples(replay.at(np.array([0])))
    scale = [4.0, 0.1, 1.0, 1.0, 1.0, 1.0]
    np.testing.assert_allclose(found.obs, [obs * scale], rtol=1e-6)
    np.testing.assert_allclose(found.next_obs, [following * scale], rtol=1e-6)
    np.testing.assert_allclose(found.action, [[0.3, -0.3]], rtol=1e-6)
    numbers = (found.reward, found.terminated, found.discount, found.weight)
    assert [float(value) for value in numbers] == pytest.approx([2.5, 1.0, 0.9, 1.0])
    assert float(found.target(torch.tensor([100.0]))) == 2.5  # it terminated
    found.terminated[:] = 0.0
    assert float(found.target(torch.tensor([100.0]))) == pytest.approx(2.5 + 0.9 * 100.0)
