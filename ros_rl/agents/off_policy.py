# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What off-policy agents with a policy and critics share: the order of updates, and the graph of a policy."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from ros_rl.agent_settings import CriticSettings
from ros_rl.agents.agent import Agent, Stateful
from ros_rl.agents.critics import Critics
from ros_rl.agents.samples import Inputs, Samples
from ros_rl.deploy.export import ControlGraph
from ros_rl.features import Layout
from ros_rl.replay.buffer import ReplayBuffer


class PolicyGraph(ControlGraph):
    """A policy without memory acts.

    Args:
        layout: Of observations.
        inputs: What the policy sees.
        policy: Its network.
    """

    def __init__(self, layout: Layout, inputs: Inputs) -> None:
        super().__init__(layout)
        self.inputs = inputs

    @property
    def noise_shape(self) -> list[int]:
        """One number per action."""
        return [self.spec.action_size]

    @abstractmethod
    def choose(self, seen: Tensor, noise: Tensor) -> Tensor:
        """An action, (1, actions), from a network input (1, inputs); zero noise gives the greedy one."""

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        seen = self.inputs(observation)[None]
        action = self.choose(seen, (noise * explore)[None])
        return self.inputs.smooth(action, seen)[0], carry


class OffPolicyAgent(Agent):
    """Critics and a policy, both learned from replayed transitions.

    Args:
        layout: What the agent sees and does.
        settings: Of the agent.
        policy_delay: Updates of the critics for each of the policy.
        batch_size: Transitions per update.
        updates_per_step: Updates per environment step.
    """

    def __init__(
        self,
        layout: Layout,
        settings: CriticSettings,
        policy_delay: int,
        batch_size: int,
        updates_per_step: float,
    ) -> None:
        super().__init__(layout, batch_size, updates_per_step)
        self.inputs = Inputs(layout, settings.smoothing)
        self.critics = Critics(layout.size, layout.action_size, settings)
        self.policy_delay = policy_delay

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`."""
        metrics: dict[str, float] = {}
        for _ in range(self._take("update", self.updates_per_step)):
            metrics |= self.learn(self.inputs.samples(replay.sample(self.batch_size)))
        return metrics

    def learn(self, samples: Samples) -> dict[str, float]:
        """One update of the critics, and one of the policy if its turn has come."""
        q, target = self.critics.update(samples, self.next_action, self.updates)
        metrics = {"critic_loss": float(((q - target) ** 2).mean()), "q_mean": float(q.mean())}
        self.updates += 1
        return metrics | (self.update_policy(samples) if self.updates % self.policy_delay == 0 else {})

    @abstractmethod
    def next_action(self, seen: Tensor) -> tuple[Tensor, Tensor | float]:
        """The action that the targets hold for the next one, and what its value loses for its probability."""

    @abstractmethod
    def update_policy(self, samples: Samples) -> dict[str, float]:
        """One step of the policy."""

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return self.critics.parts()


def step(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    """One step down a loss; returns it."""
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss.detach())
