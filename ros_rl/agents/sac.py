# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Soft actor-critic (Haarnoja et al. 2018), with what made it sample-efficient since.

The step itself is `ros_rl.agents.common.soft_actor_critic`. Settings turn it into its descendants: DroQ (Hiraoka et al.
2022) is ``normalisation: layer``,
``dropout: 0.01``, ``policy_value: mean``, ``policy_delay: 20`` and 20 updates per step; REDQ (Chen et al. 2021) the
last three, and ten ``critics`` of which two ``target_critics`` count; CrossQ (Bhatt et al. 2024) ``normalisation:
batch``, ``targets: none``, ``beta1: 0.5``, ``policy_delay: 3``; with the critics of XQC (Palenicek et al. 2026)
``normalisation: unit``, ``loss: categorical``, ``reward_scale: returns``, ``policy_delay: 3``.

With ``chunk`` h > 1 a decision is for h control periods (Li, Zhou and Levine 2025, "Reinforcement learning with action
chunking"): policy and critics have h actions in place of one, and the target is
sum_{i<h} gamma^i r_{k+i} + gamma^h (Q' - alpha log pi) of the next chunk, unbiased as all h actions are the critics'.
"""

from __future__ import annotations

import copy

from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.off_policy import OffPolicyAgent
from ros_rl.agents.common.policy_graph import PolicyGraph
from ros_rl.agents.common.reward_scale import RewardScale
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.agents.common.soft_actor_critic import SoftActorCritic, Temperature
from ros_rl.layout import Layout
from ros_rl.networks.critics import polyak
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.off_policy import SacSettings


class SacGraph(PolicyGraph):
    """The policy acts; see `PolicyGraph`."""

    def __init__(self, layout: Layout, inputs: Inputs, policy: SquashedGaussianPolicy, chunk: int) -> None:
        super().__init__(layout, inputs, chunk)
        self.policy = policy

    def choose(self, obs: Tensor, noise: Tensor) -> Tensor:
        """See `PolicyGraph.choose`."""
        return self.policy.act(obs, noise)


class SacAgent(OffPolicyAgent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    def __init__(self, layout: Layout, settings: SacSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, settings, settings.policy_delay, batch_size, updates_per_step)
        s = settings
        self.reward_scale = RewardScale() if s.reward_scale == "returns" else None
        self.policy = SquashedGaussianPolicy(layout.size, s.chunk * layout.action_size, s.policy_hidden or s.hidden)
        self.settings = s
        self.policy_tau, self.acting = s.policy_tau, self.policy
        """What acts: the policy, or its average over past updates."""
        if s.policy_tau < 1.0:
            self.acting = copy.deepcopy(self.policy).requires_grad_(False)
        self.graph = SacGraph(layout, self.inputs, self.acting, s.chunk)
        temperature = Temperature(s.initial_alpha, self._target_entropy(0), s.alpha_learning_rate, s.beta1)
        follows_mean = s.policy_value == "mean"
        self.soft = SoftActorCritic(
            self.policy, self.critics, temperature, self.inputs.smooth, s.learning_rate, s.beta1, follows_mean
        )

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`; what the policy's entropy is drawn to may fall on the way."""
        self.soft.temperature.target_entropy = self._target_entropy(env_steps)
        return super().train(replay, env_steps)

    def _target_entropy(self, env_steps: int) -> float:
        """Of all that is decided at once [nat]."""
        return self.settings.target_entropy_at(env_steps) * self.policy.action_size

    def next_action(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """See `OffPolicyAgent.next_action`: drawn from the policy; it loses alpha log pi."""
        return self.soft.next_action(obs)

    def update_policy(self, samples: Samples) -> dict[str, float]:
        """One step up the critics' value plus entropy, and one on the entropy coefficient."""
        loss, entropy = self.soft.update_policy(samples.obs)
        if self.acting is not self.policy:
            polyak(self.acting.parameters(), self.policy.parameters(), self.policy_tau)
        metrics = self.soft.follow(entropy.mean())
        self.entropy_bonus = self.unit * metrics.pop("entropy_bonus") / self.settings.chunk
        return {"policy_loss": loss} | metrics

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        own: dict[str, Stateful] = {} if self.acting is self.policy else {"acting_policy": self.acting}
        return self.soft.parts() | own

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        scale = self.reward_scale.tensors() if self.reward_scale else {}
        return self.soft.temperature.tensors() | scale
