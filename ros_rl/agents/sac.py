# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Soft actor-critic (Haarnoja et al. 2018), with what made it sample-efficient since.

Maximises E[sum_k gamma^k (r_k + alpha H(pi(.|o_k)))]; the entropy coefficient alpha follows a target entropy
(Haarnoja et al. 2019). Settings turn it into its descendants: DroQ (Hiraoka et al. 2022) is ``normalisation: layer``,
``dropout: 0.01``, ``policy_value: mean``, ``policy_delay: 20`` and 20 updates per step; REDQ (Chen et al. 2021) the
last three, and ten ``critics`` of which two ``target_critics`` count; CrossQ (Bhatt et al. 2024) ``normalisation:
batch``, ``targets: none``, ``beta1: 0.5``, ``policy_delay: 3``.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.off_policy import OffPolicyAgent
from ros_rl.agents.common.policy_graph import PolicyGraph
from ros_rl.agents.common.samples import Inputs, Samples
from ros_rl.layout import Layout
from ros_rl.networks.critics import polyak
from ros_rl.networks.optimisers import Adam, step
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.settings.off_policy import SacSettings


class SacGraph(PolicyGraph):
    """The policy acts; see `PolicyGraph`."""

    def __init__(self, layout: Layout, inputs: Inputs, policy: SquashedGaussianPolicy) -> None:
        super().__init__(layout, inputs)
        self.policy = policy

    def choose(self, seen: Tensor, noise: Tensor) -> Tensor:
        """See `PolicyGraph.choose`."""
        return self.policy.act(seen, noise)


class SacAgent(OffPolicyAgent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    def __init__(self, layout: Layout, settings: SacSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, settings, settings.policy_delay, batch_size, updates_per_step)
        s = settings
        self.policy = SquashedGaussianPolicy(layout.size, layout.action_size, s.policy_hidden or s.hidden)
        self.policy_tau, self.acting = s.policy_tau, self.policy
        """What acts: the policy, or its average over past updates."""
        if s.policy_tau < 1.0:
            self.acting = copy.deepcopy(self.policy).requires_grad_(False)
        self.graph = SacGraph(layout, self.inputs, self.acting)
        self.follows_mean = s.policy_value == "mean"
        self.target_entropy = s.target_entropy * layout.action_size
        self.log_alpha = torch.tensor(math.log(s.initial_alpha), requires_grad=True)
        self._policy_optimiser = Adam(self.policy.parameters(), s.learning_rate, s.beta1)
        self._alpha_optimiser = Adam([self.log_alpha], s.alpha_learning_rate, s.beta1)

    def next_action(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """See `OffPolicyAgent.next_action`: drawn from the policy; it loses alpha log pi."""
        action, log_probability = self.policy.sample(seen)
        return self.inputs.smooth(action, seen), self.log_alpha.exp() * log_probability

    def update_policy(self, samples: Samples) -> dict[str, float]:
        """One step up the critics' value plus entropy, and one on the entropy coefficient."""
        raw, log_probability = self.policy.sample(samples.seen)
        values = self.critics.frozen()(samples.seen, self.inputs.smooth(raw, samples.seen))
        q = values.mean(0) if self.follows_mean else values.amin(0)
        alpha = self.log_alpha.detach().exp()
        loss = step(self._policy_optimiser, (alpha * log_probability - q).mean())
        if self.acting is not self.policy:
            polyak(self.acting, self.policy, self.policy_tau)
        entropy = -log_probability.detach().mean()
        step(self._alpha_optimiser, self.log_alpha * (entropy - self.target_entropy))
        self.entropy_bonus = float(alpha * entropy)
        return {"policy_loss": loss, "alpha": float(alpha), "entropy": float(entropy)}

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        own: dict[str, Stateful] = {
            "policy": self.policy,
            "policy_optimiser": self._policy_optimiser,
            "alpha_optimiser": self._alpha_optimiser,
        }
        if self.acting is not self.policy:
            own["acting_policy"] = self.acting
        return super().parts() | own

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return {"log_alpha": self.log_alpha}
