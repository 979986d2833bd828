# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The smallest loop that trains an agent on a Gymnasium environment: step, store, learn."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.spaces import Box

from ros_rl.agents.factory import make_agent
from ros_rl.deploy.export import ControlGraph
from ros_rl.features import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings import Settings
from ros_rl.types import Transition


def layout_of(env: gymnasium.Env[Any, Any]) -> Layout:
    """The layout of an environment with vector observations, and with a vector or a choice as action."""
    size, action = int(np.prod(env.observation_space.shape or ())), env.action_space
    none = [Field(name, 0, "1", 1.0, "action") for name in (LAST_ACTION, PENDING_ACTIONS)]
    choices = 0 if isinstance(action, Box) else int(getattr(action, "n", 0))
    names = [f"action_{i}" for i in range(1 if choices else int(np.prod(action.shape or ())))]
    return Layout(
        str(env.spec and env.spec.id), names, [Field("observation", size, "1", 1.0, "state"), *none], 0, choices
    )


class GymSteps:
    """An agent and its environment.

    Args:
        env: Name of the environment.
        settings: Agent and learner; the seed is everything's.
        capacity: Transitions in the replay buffer; 1: every update learns from the newest transition alone.
    """

    def __init__(self, env: str, settings: Settings, capacity: int) -> None:
        torch.manual_seed(settings.seed)
        self._settings, self._rng = settings, np.random.default_rng(settings.seed)
        self._env, self._judged = gymnasium.make(env), gymnasium.make(env)
        layout = layout_of(self._env)
        sizes = (capacity, layout.size, layout.action_size)
        self._replay = ReplayBuffer(*sizes, settings.seed, settings.agent.gamma)
        agent = make_agent(layout, settings)
        assert agent is not None
        self._agent, self._layout = agent, layout

    def train(self, steps: int) -> list[tuple[int, float]]:
        """Take so many steps, the first at random; the steps and the return of each training episode."""
        env, curve, total = self._env, [], 0.0
        observation, _ = env.reset(seed=self._settings.seed)
        env.action_space.seed(self._settings.seed)
        for step in range(steps):
            warming = step < self._settings.learner.warmup_steps
            action = self._random() if warming else self._act(observation, 1.0)
            following, reward, terminated, truncated, _ = env.step(self._executed(action))
            self._replay.add(
                Transition(step, len(curve), observation, action, float(reward), following, terminated, truncated)
            )
            total, observation = total + float(reward), following
            if not warming:
                self._agent.train(self._replay, step + 1)
            if terminated or truncated:
                curve.append((step + 1, total))
                total, (observation, _) = 0.0, env.reset()
        return curve

    def evaluate(self, episodes: int) -> list[float]:
        """Returns of greedy episodes, from starts that the seed gives."""
        returns = []
        for episode in range(episodes):
            observation, _ = self._judged.reset(seed=10_000 + 100 * self._settings.seed + episode)
            total, over = 0.0, False
            while not over:
                observation, reward, terminated, truncated, _ = self._judged.step(
                    self._executed(self._act(observation, 0.0))
                )
                total, over = total + float(reward), terminated or truncated
            returns.append(total)
        return returns

    def _random(self) -> np.ndarray:
        layout = self._layout
        if layout.choices:
            return self._rng.integers(layout.choices, size=1).astype(np.float32)
        return self._rng.uniform(-1.0, 1.0, layout.action_size).astype(np.float32)

    def _act(self, observation: np.ndarray, explore: float) -> np.ndarray:
        graph: ControlGraph = self._agent.graph
        noise = torch.from_numpy(self._rng.standard_normal(graph.noise_shape).astype(np.float32))
        with torch.no_grad():
            seen = torch.as_tensor(observation, dtype=torch.float32)
            return graph.act(seen, torch.zeros(0), noise, torch.tensor([explore]))[0].numpy()

    def _executed(self, action: np.ndarray) -> Any:
        """The environment's own action."""
        space = self._env.action_space
        if not isinstance(space, Box):
            return int(action[0])
        return space.low + 0.5 * (action + 1.0) * (space.high - space.low)
