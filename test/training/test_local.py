# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The whole loop in one process, on the mock robot."""

from typing import Any

import numpy as np
import pytest
from learners import small_settings

from ros_rl.settings.loading import load_settings
from ros_rl.training.local import Progress, train_locally

LEARN: dict[str, Any] = {
    "driver": {"backend": {"name": "mock"}},
    "task": {"episode_seconds": 3.0},
    "agent": {
        "name": "mpc",
        "hidden": 32,
        "gamma": 0.95,
        "tau": 0.02,
        "learning_rate": 3e-3,
        "model_start": 100,
        "planner_start": 200,
        "model": {"members": 3, "hidden": 32, "updates_per_step": 0.5},
        "planner": {"samples": 24, "proposals": 6, "elites": 6, "iterations": 1},
    },
    "learner": {
        "robot_minutes": 1.0,
        "warmup_steps": 120,
        "batch_size": 64,
        "updates_per_step": 0.5,
        "publish_every": 50,
    },
}
RANDOM: dict[str, Any] = {"agent": {"name": "random"}}


def returns_of(episodes: list[Progress]) -> list[float]:
    return [episode.episode_return for episode in episodes]


def test_learns_the_mock_task_in_a_minute_of_robot_time() -> None:
    learned = list(train_locally(load_settings("mock_point", overrides=[LEARN])))
    random = list(train_locally(load_settings("mock_point", overrides=[LEARN | RANDOM])))
    assert learned[-1].training.env_steps == 1200
    last = learned[-6:]
    assert not any(episode.terminated for episode in last)
    # from rest within one unit of zero, 3 s; who stays put pays 40 on average
    assert np.mean(returns_of(last)) > -12.0
    assert np.mean(returns_of(last)) > np.mean(returns_of(random)) + 20.0


def test_nothing_is_lost_between_driver_and_replay() -> None:
    """With whole episodes and a driver that misses nothing: one transition for each step that the robot took."""
    settings = small_settings(
        "mock_point",
        {"agent": {"act": "policy"}, "learner": {"robot_minutes": 0.3}, "task": {"episode_seconds": 1.0}},
    )
    episodes = list(train_locally(settings))
    training = episodes[-1].training
    assert training.total_steps == 360
    for before, after in zip(episodes, episodes[1:], strict=False):
        assert after.training is before.training
    assert sum(episode.episode_steps for episode in episodes) <= training.env_steps
    assert training.replay.added == training.env_steps == 360
    assert training.rounds == 360 - training.warmup
    assert all(episode.episode_steps == 20 or episode.terminated for episode in episodes)


def test_episode_returns_are_sums_of_what_is_stored() -> None:
    overrides = {"agent": {"name": "random"}, "driver": {"backend": {"name": "mock"}}, "task": {"episode_seconds": 1.0}}
    settings = load_settings("mock_point", overrides=[overrides, {"learner": {"robot_minutes": 0.2}}])
    episodes = list(train_locally(settings))
    replay = episodes[-1].training.replay
    rewards = replay.at(np.arange(len(replay))).reward
    start = 0
    for episode in episodes:
        stop = start + episode.episode_steps
        assert episode.episode_return == pytest.approx(rewards[start:stop].sum(), rel=1e-4)
        start = stop


def test_same_seed_same_run() -> None:
    overrides = {"agent": {"act": "policy"}, "learner": {"robot_minutes": 0.1}, "task": {"episode_seconds": 1.0}}
    runs = [returns_of(list(train_locally(small_settings("mock_point", overrides, {"seed": s})))) for s in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]
