# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Our side of the pairs that `learner_speed.py` compares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pairs.pairs import CAPACITY, GAMMA, Pair

from ros_rl.agents.common.off_policy import ReplayAgent
from ros_rl.agents.factory import AGENTS
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.off_policy import CRITIC_SETTINGS
from ros_rl.types import Transition

LIKE_STABLE: dict[str, dict[str, Any]] = {
    "sac": {"alpha_learning_rate": 3e-4},
    "td3": {},
    "ddpg": {},
    "dqn": {"bootstrap": "same", "loss": "huber", "targets": "hard"},
}
"""Settings that turn our agent into Stable-Baselines3's, beside those that every agent has."""


def layout(pair: Pair) -> Layout:
    """A plain observation, without actions in it."""
    fields = (
        Field("observation", (pair.inputs,), "1", 1.0, "state"),
        Field(LAST_ACTION, (0,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (0,), "1", 1.0, "action"),
    )
    return Layout("plain", [f"action_{index}" for index in range(pair.actions)], fields, 0, pair.choices)


def make(pair: Pair, tau: float, copy_every: int, updates_per_step: int) -> ReplayAgent:
    """The agent; one call of its `train` makes `updates_per_step` updates."""
    common = {"hidden": pair.hidden, "gamma": GAMMA, "learning_rate": pair.learning_rate}
    targets = {"tau": tau, "copy_every": copy_every}
    settings = CRITIC_SETTINGS[pair.name](**common, **targets, **LIKE_STABLE[pair.name])
    agent = AGENTS[pair.name](layout(pair), settings, pair.batch, float(updates_per_step))
    assert isinstance(agent, ReplayAgent)
    return agent


def replay_of(pair: Pair) -> ReplayBuffer:
    """An empty buffer."""
    return ReplayBuffer(CAPACITY, pair.inputs, pair.actions, gamma=GAMMA)


def fill(replay: ReplayBuffer, story: Iterable[Transition]) -> None:
    """Store transitions."""
    for transition in story:
        replay.add(transition)
