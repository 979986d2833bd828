# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Stable-Baselines3's side of the pairs that `learner_speed.py` compares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gymnasium
import numpy as np
import stable_baselines3
from pairs.pairs import CAPACITY, GAMMA, Pair
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.logger import configure
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from ros_rl.types import Transition


class _Env(gymnasium.Env):
    """Spaces of a pair; never stepped."""

    def __init__(self, pair: Pair) -> None:
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (pair.inputs,), np.float32)
        continuous = gymnasium.spaces.Box(-1.0, 1.0, (pair.actions,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(pair.choices) if pair.choices else continuous


def make(pair: Pair, tau: float, copy_every: int) -> OffPolicyAlgorithm:
    """The agent, with an empty replay buffer; its DQN clips no gradient."""
    own: dict[str, Any] = {"tau": tau}
    if pair.choices:
        own = {"tau": 1.0, "target_update_interval": copy_every, "max_grad_norm": float("inf")}
    model = getattr(stable_baselines3, pair.stable)(
        "MlpPolicy",
        _Env(pair),
        learning_rate=pair.learning_rate,
        buffer_size=CAPACITY,
        batch_size=pair.batch,
        gamma=GAMMA,
        policy_kwargs={"net_arch": [pair.hidden, pair.hidden]},
        device="cpu",
        **own,
    )
    model.set_logger(configure(None, []))
    return model


def replay_of(model: OffPolicyAlgorithm) -> ReplayBuffer:
    """Its replay buffer."""
    assert model.replay_buffer is not None
    return model.replay_buffer


def fill(replay: ReplayBuffer, story: Iterable[Transition]) -> None:
    """Store transitions."""
    for t in story:
        replay.add(t.observation, t.next_observation, t.action, np.array([t.reward]), np.array([t.terminated]), [{}])
