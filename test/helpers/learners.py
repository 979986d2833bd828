# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Small learners on the mock robot, its exact dynamics, and random transitions for tests of the agent."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ros_rl.agents import factory
from ros_rl.agents.mpc import MpcAgent
from ros_rl.features import ObservationSpec
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.types import Transition

SMALL = {
    "agent": {
        "hidden": 16,
        "model": {"members": 3, "hidden": 16},
        "planner": {"samples": 16, "proposals": 4, "elites": 4},
    },
    "learner": {"batch_size": 16, "warmup_steps": 20},
}
"""Networks and a planner that build and run in no time."""


def small_settings(task: str = "mock_point", *overrides: str | Mapping[str, Any]) -> Settings:
    driver = {"driver": {"backend": {"name": "mock" if task == "mock_point" else "pybullet"}}}
    return load_settings(task, overrides=[SMALL, driver, *overrides])


def spec_of(settings: Settings) -> ObservationSpec:
    return settings.observation_spec()


def make_agent(settings: Settings) -> MpcAgent:
    torch.set_num_threads(1)
    agent = factory.make_agent(spec_of(settings), settings)
    assert isinstance(agent, MpcAgent)
    return agent


def random_transition(spec: ObservationSpec, rng: np.random.Generator, index: int = 0, **changes: Any) -> Transition:
    values: dict[str, Any] = {
        "tick": index,
        "episode": 0,
        "observation": rng.normal(size=spec.size),
        "action": rng.uniform(-1, 1, spec.action_size),
        "reward": float(rng.normal()),
        "next_observation": rng.normal(size=spec.size),
        "terminated": bool(rng.random() < 0.1),
        "truncated": False,
    }
    return Transition(**(values | changes))


def mock_step(state: Tensor, action: Tensor, period: float = 0.05) -> Tensor:
    """One period of the mock robot, written anew: v' = 4 (c - v) with c = 1.5 u; states (..., 4), actions (..., 2)."""
    position, velocity = state[..., :2], state[..., 2:]
    target, decay = 1.5 * action, float(np.exp(-4.0 * period))
    return torch.cat(
        [position + period * target + (velocity - target) * (1 - decay) / 4.0, target + (velocity - target) * decay], -1
    )
