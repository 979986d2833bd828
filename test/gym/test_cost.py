# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a training will cost is measured before it begins, and disturbs nothing."""

import time
from typing import Any

import gym_points
import gymnasium
import pytest
import torch

from ros_rl.gym.cost import Cost, measure
from ros_rl.gym.environment import Environment
from ros_rl.settings.loading import load_settings

STEP = 0.004


class Sluggish(gym_points.Point):
    """Each step takes 4 ms."""

    def step(self, action: Any) -> Any:
        time.sleep(STEP)
        return super().step(action)


@pytest.fixture
def sluggish() -> Any:
    gymnasium.register("test/Sluggish-v0", Sluggish, max_episode_steps=10)
    yield "test/Sluggish-v0"
    del gymnasium.registry["test/Sluggish-v0"]


def test_each_part_takes_what_it_takes(sluggish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten updates at a step take several times as long as one, and the environment as long as it sleeps."""
    monkeypatch.setattr("ros_rl.gym.cost._MEASURED_SECONDS", 0.2)
    small = {"task.env": sluggish, "agent.hidden": 32, "learner": {"batch_size": 32, "steps": 2000}}
    state, costs = torch.get_rng_state(), []
    for updates in (1.0, 10.0):
        settings = load_settings("gym", overrides=[small, {"learner.updates_per_step": updates}])
        cost = measure(settings, Environment(sluggish))
        assert cost is not None
        costs.append(cost)
    assert torch.equal(torch.get_rng_state(), state)
    assert STEP <= costs[0].step < 5 * STEP
    assert 3.0 < costs[1].updates / costs[0].updates < 30.0
    assert 0.0 < costs[0].decision < costs[1].updates
    assert (costs[0].evaluations, costs[0].episode_steps) == (10, 10)


def test_a_few_steps_are_not_worth_a_measurement() -> None:
    settings = load_settings("gym", overrides=[{"task.env": "test/Point-v0", "learner.steps": 1400}])
    assert measure(settings, Environment("test/Point-v0")) is None


def test_the_line_tells_what_takes_more_than_a_few_minutes() -> None:
    cost = Cost(decision=0.02, updates=0.05, step=0.01, evaluations=100, episode_steps=1000)
    line = cost.line(100_000, 1000)  # 1000 s of the environment, 6930 s of the agent; 3000 s of evaluations
    assert line.startswith("about 20.0 ms a decision, 50.0 ms of updates and 10.0 ms of the environment a step")
    assert line.endswith("100000 steps take about 2.2 h, their 100 evaluation episodes at most 50 min")
    assert Cost(0.02, 0.05, 0.01, 100, None).line(100_000, 1000).endswith("100000 steps take about 2.2 h")
    assert Cost(0.001, 0.001, 0.0, 10, 100).line(10_000, 1000) == ""
