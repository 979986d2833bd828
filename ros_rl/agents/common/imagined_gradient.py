# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The on-policy gradient inside a dynamics model.

Likelihood ratio (Williams 1992) on imagined rollouts, with a learned value as baseline and at the end of a rollout
that the task did not end: for a step with soft return G = r - alpha log pi + gamma G', the gradient is that of
log pi(u | x) (G - V(x)), these differences brought to mean 0 and deviation 1 over all steps of an update. The entropy
coefficient alpha follows a target entropy as SAC's does (Haarnoja et al. 2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.rollouts import ImaginedStep
from ros_rl.agents.common.soft_actor_critic import Temperature
from ros_rl.networks.layers import InPlaceReLU
from ros_rl.networks.mlp import BatchedMLP
from ros_rl.networks.optimisers import Adam, step
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.networks.spaces import Spaces
from ros_rl.settings.model_based import MbpoSettings


class ImaginedGradient:
    """A policy and its value.

    Args:
        spaces: What both see.
        settings: Sizes, step sizes and discount.
    """

    def __init__(self, spaces: Spaces, settings: MbpoSettings) -> None:
        self.spaces, self.settings = spaces, settings
        s = settings
        self.policy = SquashedGaussianPolicy(spaces.input_size, spaces.action_size, s.policy_hidden or s.hidden)
        self.value = BatchedMLP(1, spaces.input_size, s.hidden, 2, 1, s.normalisation, InPlaceReLU, s.dropout)
        target_entropy = s.target_entropy * spaces.action_size
        self.temperature = Temperature(s.initial_alpha, target_entropy, s.alpha_learning_rate, s.beta1)
        self._policy_optimiser = Adam(self.policy.parameters(), s.learning_rate, s.beta1)
        self._value_optimiser = Adam(self.value.parameters(), s.learning_rate, s.beta1)

    def update(self, rollouts: Sequence[ImaginedStep]) -> dict[str, float]:
        """One step of policy, value and entropy coefficient on rollouts of this policy."""
        alive = torch.stack([one.alive for one in rollouts])
        obs = torch.stack([self._network_input(one) for one in rollouts])
        log_probability = self.policy.log_probability(obs, torch.stack([one.unsquashed for one in rollouts]))
        value = self._value(obs)
        returns = self.returns(rollouts, value.detach(), log_probability.detach())
        advantage = (returns - value.detach())[alive]
        advantage = (advantage - advantage.mean()) / (advantage.std(correction=0) + 1e-6)
        policy_loss = step(self._policy_optimiser, -(log_probability[alive] * advantage).mean())
        value_loss = step(self._value_optimiser, ((value - returns)[alive] ** 2).mean())
        entropy = -log_probability.detach()[alive].mean()
        alpha = float(self.temperature.alpha)
        self.temperature.follow(entropy)
        return {"policy_loss": policy_loss, "value_loss": value_loss, "alpha": alpha, "entropy": float(entropy)}

    @torch.no_grad()
    def returns(self, rollouts: Sequence[ImaginedStep], value: Tensor, log_probability: Tensor) -> Tensor:
        """Soft returns from each step on, (steps, count); where a row is not alive, its value stands.

        Args:
            rollouts: Steps.
            value: (steps, count), of the state before each step.
            log_probability: (steps, count), of its action.
        """
        s, e = self.settings, rollouts[-1].experience
        total, alpha = self._value(self.spaces.network_input(e.next_state, e.goal, e.action)), self.temperature.alpha
        found = []
        for one, before, density in zip(reversed(rollouts), value.flip(0), log_probability.flip(0), strict=True):
            e = one.experience
            # a terminated state's value may be anything, also not finite: it is left out, not multiplied by zero
            next_total = torch.where(e.terminated > 0.0, 0.0, total)
            total = torch.where(one.alive, e.reward - alpha * density + s.gamma * next_total, before)
            found.append(total)
        return torch.stack(found[::-1])

    def _network_input(self, one: ImaginedStep) -> Tensor:
        return self.spaces.network_input(one.experience.state, one.experience.goal, one.experience.last_action)

    def _value(self, obs: Tensor) -> Tensor:
        return self.value(obs.reshape(1, -1, obs.shape[-1])).reshape(obs.shape[:-1])

    def parts(self) -> dict[str, Stateful]:
        """What a checkpoint holds."""
        return {
            "policy": self.policy,
            "value": self.value,
            "policy_optimiser": self._policy_optimiser,
            "value_optimiser": self._value_optimiser,
            **self.temperature.parts(),
        }
