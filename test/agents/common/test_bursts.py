# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Exploration's bursts: as long at every control rate, and at 20 Hz what they have always been."""

import math

import numpy as np
import pytest
import torch
from learners import make_agent, small_settings

from ros_rl.agents.common.bursts import Bursts


@pytest.mark.parametrize(("rate", "seconds"), [(20, 1.0), (50, 1.0), (50, 0.4), (200, 2.0), (20, 0.1)])
def test_whether_it_explores_is_drawn_anew_as_often_as_it_says(rate: int, seconds: float) -> None:
    bursts, rng = Bursts(seconds, 1.0 / rate), np.random.default_rng(0)
    ticks = 400_000
    change = torch.from_numpy(rng.standard_normal(ticks).astype(np.float32))
    due = bursts.draw(change, torch.ones(ticks), torch.zeros(ticks)).sum()
    assert ticks / rate / float(due) == pytest.approx(seconds, rel=0.05)


def test_at_twenty_hertz_it_is_one_tick_in_twenty() -> None:
    assert Bursts(1.0, 1.0 / 20.0).threshold == 1.645


@pytest.mark.parametrize("seconds", [0.05, 0.001])
def test_shorter_than_a_period_is_every_tick(seconds: float) -> None:
    assert Bursts(seconds, 0.05).threshold == -math.inf


def test_a_burst_goes_on_until_it_is_drawn_anew() -> None:
    bursts = Bursts(1.0, 0.05)
    one, zero = torch.ones(1), torch.zeros(1)
    cases = [(1.0, 1.0, one, 1), (1.0, 1.0, zero, 0), (1.7, 1.0, zero, 1), (1.7, -1.0, one, 0), (0.0, 0.0, zero, 0)]
    for change, to, last, expected in cases:
        assert bursts.draw(torch.tensor([change]), torch.tensor([to]), last) == expected


@pytest.mark.parametrize(("rate", "threshold"), [(20, 1.645), (50, 2.054)])
def test_the_control_rate_reaches_the_graph(rate: int, threshold: float) -> None:
    settings = small_settings("mock_point", {"control": {"rate_hz": rate}})
    assert make_agent(settings).graph.bursts.threshold == threshold
