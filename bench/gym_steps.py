# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The smallest loop that trains an agent on a Gymnasium environment: step, store, learn."""

from __future__ import annotations

import numpy as np
import torch

from ros_rl.agents.factory import make_agent
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.gym.environment import Environment
from ros_rl.gym.observations import Observed
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.tree import Settings


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
        self._env, self._judged = Environment(env), Environment(env)
        layout = self._env.layout
        sizes = (capacity, layout.size, layout.action_size)
        self._replay = ReplayBuffer(*sizes, settings.seed, settings.agent.gamma, settings.learner.replay)
        agent = make_agent(layout, settings)
        self._agent, self._layout = agent, layout

    def train(self, steps: int) -> list[tuple[int, float]]:
        """Take so many steps, the first at random; the steps and the return of each training episode."""
        env, curve, total = self._env, [], 0.0
        observation = env.reset(self._settings.seed)
        for step in range(steps):
            warming = step < self._settings.learner.warmup_steps
            action = self._random() if warming else self._act(observation, 1.0)
            following, reward, terminated, truncated = env.step(action)
            self._replay.add(observation.to(following, step, len(curve), action, reward, terminated, truncated))
            total, observation = total + reward, following
            if not warming:
                self._agent.train(self._replay, step + 1)
            if terminated or truncated:
                curve.append((step + 1, total))
                total, observation = 0.0, env.reset()
        return curve

    def evaluate(self, episodes: int) -> list[float]:
        """Returns of greedy episodes, from starts that the seed gives."""
        returns = []
        for episode in range(episodes):
            observation = self._judged.reset(10_000 + 100 * self._settings.seed + episode)
            total, over = 0.0, False
            while not over:
                observation, reward, terminated, truncated = self._judged.step(self._act(observation, 0.0))
                total, over = total + reward, terminated or truncated
            returns.append(total)
        return returns

    def _random(self) -> np.ndarray:
        layout = self._layout
        return self._rng.uniform(-1.0, 1.0, layout.action_size).astype(np.float32)

    def _act(self, observation: Observed, explore: float) -> np.ndarray:
        graph: ControlGraph = self._agent.graph
        noise = torch.from_numpy(self._rng.standard_normal(graph.noise_shape).astype(np.float32))
        with torch.no_grad():
            seen = torch.as_tensor(observation.flat)
            return graph.act(seen, torch.zeros(0), noise, torch.tensor([explore]))[0].numpy()
