# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The pairs of agents that `learner_speed.py` compares, and the random transitions that both sides learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ros_rl.types import Transition

CAPACITY = 100_000
"""Transitions that each side's replay buffer holds."""
GAMMA, TAU = 0.99, 0.005
COPY_EVERY = 10_000
"""Updates between hard copies of the target network, as Stable-Baselines3's DQN has them by default."""


@dataclass(frozen=True)
class Pair:
    """One agent of each side, at Stable-Baselines3's default settings, but for equal sizes of the networks."""

    name: str
    """Of our agent."""
    stable: str
    """Of Stable-Baselines3's class."""
    inputs: int
    actions: int
    """Values of an action; 1, the index of the action, where actions are discrete."""
    choices: int
    """Discrete actions; 0: continuous ones."""
    hidden: int
    """Units in each of the two hidden layers of every network."""
    batch: int
    learning_rate: float
    checked_updates: int
    """Updates until every network has moved."""


PAIRS = {
    pair.name: pair
    for pair in (
        Pair("sac", "SAC", 60, 12, 0, 256, 256, 3e-4, 1),
        Pair("td3", "TD3", 60, 12, 0, 256, 256, 1e-3, 2),
        Pair("ddpg", "DDPG", 60, 12, 0, 256, 256, 1e-3, 1),
        Pair("dqn", "DQN", 8, 1, 4, 64, 32, 1e-4, 1),
    )
}
"""By our name."""


def transitions(pair: Pair, count: int, seed: int) -> Iterator[Transition]:
    """Random ones, of which one in fifty terminates."""
    rng = np.random.default_rng(seed)
    for tick in range(count):
        seen, after = rng.normal(size=(2, pair.inputs)).astype(np.float32)
        action = rng.integers(pair.choices, size=1) if pair.choices else rng.uniform(-1.0, 1.0, pair.actions)
        yield Transition(tick, 0, seen, action, float(rng.normal()), after, bool(rng.random() < 0.02), False)
