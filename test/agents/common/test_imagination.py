# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Imagined returns by hand, and their scale."""

import pytest
import torch

from ros_rl.agents.common.imagination import ReturnScale, lambda_returns


def test_lambda_returns_by_hand() -> None:
    reward, discount = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.9], [0.5]])
    value = torch.tensor([[100.0], [10.0], [4.0]])
    last = 2.0 + 0.5 * 4.0
    first = 1.0 + 0.9 * (0.2 * 10.0 + 0.8 * last)
    torch.testing.assert_close(lambda_returns(reward, discount, value, 0.8), torch.tensor([[first], [last]]))


def test_between_one_step_and_all_of_them() -> None:
    g = torch.Generator().manual_seed(0)
    reward, discount, value = (torch.rand(n, 4, generator=g) for n in (3, 3, 4))
    torch.testing.assert_close(lambda_returns(reward, discount, value, 0.0), reward + discount * value[1:])
    everything = reward[0] + discount[0] * (reward[1] + discount[1] * (reward[2] + discount[2] * value[3]))
    torch.testing.assert_close(lambda_returns(reward, discount, value, 1.0)[0], everything)


def test_scale_of_returns() -> None:
    scale, returns = ReturnScale(torch.zeros(1)), torch.linspace(0.0, 100.0, 101)
    assert float(scale.update(returns)) == pytest.approx(90.0)  # from 5 to 95
    assert float(scale.update(returns + 100.0)) == pytest.approx(90.0)
    torch.testing.assert_close(scale.quantiles, torch.tensor([55.0, 145.0]))  # the mean of two
    scale.updates += 1000
    scale.update(returns)
    torch.testing.assert_close(scale.quantiles, torch.tensor([54.5, 144.5]))  # a hundredth of the way
    assert float(ReturnScale(torch.zeros(1)).update(0.01 * returns)) == 1.0
