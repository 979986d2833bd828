# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Random actions: what is held stays at an end of its range, for as long as it is asked to."""

import pytest
import torch
from value_agents import largest_difference, plain_layout

from ros_rl.agents.random import RandomGraph
from ros_rl.deploy.export import ExportedGraph
from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop

LAYOUT = plain_layout()
OBSERVATION = torch.zeros(LAYOUT.size)
ALWAYS = torch.ones(1)


def test_held_actions_stay_until_they_are_drawn_anew() -> None:
    graph = RandomGraph(LAYOUT, 0.0, hold=2.0)  # drawn anew in half of the steps: where a normal number is above 0
    noise = torch.tensor([[0.3, -2.0], [-1.0, -1.0]])
    first, carry = graph.act(OBSERVATION, torch.zeros(2), noise, ALWAYS)
    assert first.tolist() == carry.tolist() == [1.0, -1.0]  # nothing is held yet
    second, carry = graph.act(OBSERVATION, carry, torch.tensor([[-0.3, 2.0], [-0.1, 0.1]]), ALWAYS)
    assert second.tolist() == carry.tolist() == [1.0, 1.0]
    assert graph.act(OBSERVATION, carry, noise, torch.zeros(1))[0].tolist() == [0.0, 0.0]  # evaluated


@pytest.mark.parametrize("hold", [1.0, 4.0])
def test_parts_are_held_for_the_mean_time(hold: float) -> None:
    graph, generator = RandomGraph(LAYOUT, 0.0, hold), torch.Generator().manual_seed(0)
    carry, changes, steps = torch.zeros(2), 0.0, 4000
    for _ in range(steps):
        last = carry
        _, carry = graph.act(OBSERVATION, carry, torch.randn(2, 2, generator=generator), ALWAYS)
        changes += float((carry != last).sum())
    assert changes / (2 * steps) == pytest.approx(0.5 / hold, rel=0.1)  # half of what is drawn anew is as it was


def test_exported_graph_holds_alike() -> None:
    graph = RandomGraph(LAYOUT, 0.3, hold=3.0)
    assert largest_difference(graph, ExportedGraph(graph, "toy", 0.05), 1.0) < 1e-6


def test_hold_is_a_time() -> None:
    own = {"agent": {"name": "random"}, "learner": {"warmup_hold": 0.1}, "control": {"rate_hz": 20.0}}
    graph = TrainingLoop(load_settings("mock_point", overrides=[own])).random
    assert graph.held is not None and graph.held.steps == 2.0
