# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What agents that replay share: the order of updates of critics and policy."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ros_rl.agents.agent import Agent, Stateful
from ros_rl.agents.common.critics import Critics, figures, make_critics
from ros_rl.agents.common.reward_scale import RewardScale
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.agents.common.targeted_network import TargetedNetwork
from ros_rl.layout import Layout
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.mlp import evaluating
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.critics import CriticSettings
from ros_rl.types import Array


class ReplayAgent(Agent):
    """Learns values of actions from replayed transitions; subclasses set `critics`.

    Args:
        layout: What the agent sees and does.
        smoothing: Share of the newest action in the next one.
        batch_size: Transitions per update.
        updates_per_step: Updates per environment step.
    """

    critics: TargetedNetwork[Any]
    reward_scale: RewardScale | None = None
    """What rewards are divided by; None: nothing divides them."""

    def __init__(self, layout: Layout, smoothing: float, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, batch_size, updates_per_step)
        self.inputs = self.make_inputs(layout, smoothing)

    def make_inputs(self, layout: Layout, smoothing: float) -> Inputs:
        """How networks see observations."""
        return Inputs(layout, smoothing)

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`."""
        metrics: dict[str, float] = {}
        if self.reward_scale is not None:
            self.reward_scale.follow(replay)
        for _ in range(self._take("update", self.updates_per_step)):
            if not replay.holds_chunk:
                replay.lengths.tell_short("agent.chunk", replay.chunk, "nothing is learned from them")
                break
            batch = self.draw(replay)
            samples = self.inputs.samples(batch)
            samples.reward = samples.reward / self.unit
            q, target = (self.unit * values for values in self.update_critics(samples))
            self._show(q, target, self.critics.clipped)
            if replay.settings.priority != "uniform":
                errors = self._errors(replay.settings.priority, samples, q, target)
                known = np.isfinite(errors)  # of the others the watch tells
                replay.update_priorities(batch.index[known], errors[known])
            metrics |= figures(q, target)
            self.updates += 1
            metrics |= self.improve(samples)
        return metrics

    @property
    def unit(self) -> float:
        """Of the critics' values, in units of reward."""
        return 1.0 if self.reward_scale is None else self.reward_scale.value

    @abstractmethod
    def update_critics(self, samples: Samples) -> tuple[Tensor, Tensor]:
        """One step of the values; gives them (critics, batch) and their targets (batch,), without gradient."""

    @abstractmethod
    def values(self, network: Any, samples: Samples) -> Tensor:
        """What the online or the target network holds for the actions taken, (critics, batch)."""

    def look(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """See `Agent.look`."""
        return self.examine(self.inputs.samples(batch))

    def examine(self, samples: Samples) -> tuple[Tensor, Tensor]:
        """See `Agent.look`."""
        network = self.critics.online
        with evaluating(network):
            return self.unit * self.values(network, samples), network.features(samples.obs, samples.action)

    @torch.no_grad()
    def _errors(self, priority: str, samples: Samples, q: Tensor, target: Tensor) -> Array:
        """What the drawn transitions' priorities become, (batch,); see `ReplaySettings.priority`."""
        if priority == "target" and self.critics.target is not self.critics.online:
            q = self.unit * self.values(self.critics.target, samples)
        return (q.mean(0) - target).cpu().numpy()

    def improve(self, samples: Samples) -> dict[str, float]:
        """What follows an update of the values, on the same batch: nothing, unless there is a policy."""
        return {}


class OffPolicyAgent(ReplayAgent):
    """Critics and a policy, both learned from replayed transitions.

    Args:
        layout: What the agent sees and does.
        settings: Of the agent.
        policy_delay: Updates of the critics for each of the policy.
        batch_size: Transitions per update.
        updates_per_step: Updates per environment step.
    """

    critics: Critics[Any]

    def __init__(
        self,
        layout: Layout,
        settings: CriticSettings,
        policy_delay: int,
        batch_size: int,
        updates_per_step: float,
    ) -> None:
        super().__init__(layout, settings.smoothing, batch_size, updates_per_step)
        self.critics = make_critics(layout.size, settings.chunk * layout.action_size, settings)
        self.policy_delay = policy_delay

    def update_critics(self, samples: Samples) -> tuple[Tensor, Tensor]:
        """See `ReplayAgent.update_critics`."""
        return self.critics.update(samples, self.next_action, self.updates)

    def improve(self, samples: Samples) -> dict[str, float]:
        """See `ReplayAgent.improve`."""
        return self.update_policy(samples) if self.updates % self.policy_delay == 0 else {}

    def values(self, network: CriticEnsemble, samples: Samples) -> Tensor:
        """See `ReplayAgent.values`."""
        return network(samples.obs, samples.action)

    @abstractmethod
    def next_action(self, obs: Tensor) -> tuple[Tensor, Tensor | float]:
        """The action that the targets hold for the next one, and what its value loses for its probability."""

    @abstractmethod
    def update_policy(self, samples: Samples) -> dict[str, float]:
        """One step of the policy."""

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return self.critics.parts()
