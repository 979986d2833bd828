# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Plans are made where the world and the observation are: nothing on the way is on the default device.

The default device is "meta" here, which holds no numbers: what is made there cannot take part in a computation.
"""

from typing import Any

import pytest
import torch
from learners import make_agent, small_settings

METHODS: tuple[dict[str, Any], ...] = (
    {"method": "mppi", "warm_start": True, "noise_beta": 2.0},
    {"method": "mppi", "elites": 1, "objective": "state_variance", "pessimism": 0.5},
    {"method": "cem", "execution": "open_loop", "propagation": "random_member", "aleatoric": True, "objective": "cvar"},
    {"method": "shooting", "propagation": "shared_members", "proposals": 0, "samples": 10},
    {"method": "softmax_shooting", "propagation": "expectation", "objective": "mean"},
    {"method": "gradient", "objective": "mean_std", "pessimism": 0.5},
)


@pytest.mark.parametrize("values", METHODS)
def test_a_decision_makes_nothing_on_the_default_device(values: dict[str, Any]) -> None:
    planner = {"horizon": 2, "samples": 12, "elites": 4, "proposals": 3, "iterations": 2, **values}
    agent = {"hidden": 8, "smoothing": 0.3, "model": {"members": 3, "hidden": 8, "layers": 1}, "planner": planner}
    torch.manual_seed(0)
    graph = make_agent(small_settings("mock_point", {"agent": agent})).graph.requires_grad_(False)
    inputs = [torch.zeros(graph.spec.size), torch.tensor(graph.carry), torch.randn(graph.noise_shape), torch.ones(1)]
    expected = graph.act(*inputs)
    with torch.device("meta"):
        found = graph.act(*inputs)
    for one, two in zip(found, expected, strict=True):
        assert one.device.type == "cpu" and torch.equal(one, two)


def test_coloured_noise_is_made_where_the_planner_is() -> None:
    agent = {"planner": {"noise_beta": 1.0, "horizon": 4}}
    settings = small_settings("mock_point", {"agent": agent})
    assert make_agent(settings).graph.planner.colour.device.type == "cpu"
    planner = make_agent(settings).graph.planner
    with torch.device("meta"):
        assert type(planner)(planner.world, planner.settings, 0.9).colour.device.type == "meta"
