# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The soft actor-critic step (Haarnoja et al. 2018): a squashed Gaussian policy, its critics, and the temperature.

Maximises E[sum_k gamma^k (r_k + alpha H(pi(.|o_k)))]; the temperature alpha follows a target entropy (Haarnoja et al.
2019).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ros_rl.agents.agent import Stateful
from ros_rl.agents.common.critics import Critics
from ros_rl.agents.common.samples import Samples
from ros_rl.networks.optimisers import Adam, move
from ros_rl.networks.passes import PlainPass
from ros_rl.networks.policies import SquashedGaussianPolicy


class Temperature:
    """The entropy coefficient alpha, which rises while the policy's entropy is below its target.

    Args:
        initial: alpha at the start.
        target_entropy: Of the whole action [nat].
        learning_rate: Adam's step size of log alpha.
        beta1: Adam's decay of the gradient's mean.
    """

    def __init__(self, initial: float, target_entropy: float, learning_rate: float, beta1: float = 0.9) -> None:
        self.target_entropy = target_entropy
        self.log_alpha = torch.tensor(math.log(initial), requires_grad=True)
        self.optimiser = Adam([self.log_alpha], learning_rate, beta1)

    @property
    def alpha(self) -> Tensor:
        """The entropy coefficient, (), without gradient."""
        return self.log_alpha.detach().exp()

    def follow(self, entropy: Tensor) -> None:
        """One step, from the policy's entropy or from samples of it, -log pi, (...,)."""
        self.log_alpha.grad = entropy.mean() - self.target_entropy
        move(self.optimiser)

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        return {"alpha_optimiser": self.optimiser}

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return {"log_alpha": self.log_alpha}


class SoftActorCritic:
    """A policy and critics that learn from batches, whatever these come from.

    Args:
        policy: Draws the actions.
        critics: Value them.
        temperature: Weighs the policy's entropy.
        smooth: The action that acts, from the policy's and the network input, (batch, actions) and (batch, inputs).
        learning_rate: Adam's step size of the policy.
        beta1: Adam's decay of the gradient's mean.
        follows_mean: Whether the policy follows the critics' mean instead of the smallest.
    """

    def __init__(
        self,
        policy: SquashedGaussianPolicy,
        critics: Critics[Any],
        temperature: Temperature,
        smooth: Callable[[Tensor, Tensor], Tensor],
        learning_rate: float,
        beta1: float = 0.9,
        follows_mean: bool = False,
    ) -> None:
        self.policy, self.critics, self.temperature = policy, critics, temperature
        self.smooth, self.follows_mean = smooth, follows_mean
        self.optimiser = Adam(policy.parameters(), learning_rate, beta1)
        self.learning, self._acting = PlainPass(policy.net), PlainPass(policy.net)
        """Through the policy, the first with the way back to its parameters."""

    @torch.no_grad()
    def next_action(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """An action drawn from the policy, as it acts, and what its value loses: alpha log pi; without gradient."""
        raw, log_probability = self.policy.squashed(self._acting(obs)[0], None)
        return self.smooth(raw, obs), self.temperature.alpha * log_probability

    def update_critics(self, samples: Samples, updates: int) -> tuple[Tensor, Tensor]:
        """See `Critics.update`."""
        return self.critics.update(samples, self.next_action, updates)

    def update_policy(self, obs: Tensor, penalty: Callable[[Tensor], Tensor] | None = None) -> tuple[float, Tensor]:
        """One step of the policy, up the critics' value plus entropy.

        Args:
            obs: (batch, inputs).
            penalty: What the loss is besides, (), from the policy's actions before smoothing, (batch, actions).

        Returns:
            The loss, and samples of the policy's entropy, (batch,).
        """
        output = self.learning(obs)[0].requires_grad_()
        raw, log_probability = self.policy.squashed(output, None)
        loss = (self.temperature.alpha * log_probability).mean()
        if penalty is not None:
            loss = loss + penalty(raw)
        action = self.smooth(raw, obs)
        value, slope = self._value(obs, action.detach())
        (slope_of_output,) = torch.autograd.grad([loss, action], output, [torch.ones_like(loss), -slope])
        self.learning.learn(slope_of_output[None])
        move(self.optimiser)
        return float(loss.detach() - value), -log_probability.detach()

    @torch.no_grad()
    def _value(self, obs: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """The mean value of actions, (), and its slope after them, (batch, actions)."""
        critics = self.critics.through()
        values = critics(obs, action)
        if self.follows_mean:
            return values.mean(), critics.input_slope(torch.full_like(values, 1.0 / values.numel()))
        smallest, which = values.min(0)
        slope = torch.zeros_like(values).scatter_(0, which[None], 1.0 / values.shape[1])
        return smallest.mean(), critics.input_slope(slope)

    def follow(self, entropy: Tensor) -> dict[str, float]:
        """One step of the temperature, from what `update_policy` found; gives what was.

        ``entropy_bonus`` is alpha H, what the policy's entropy adds to the reward of a step.
        """
        alpha, mean = self.temperature.alpha, entropy.mean()
        self.temperature.follow(entropy)
        return {"alpha": float(alpha), "entropy": float(mean), "entropy_bonus": float(alpha * mean)}

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        own: dict[str, Stateful] = {"policy": self.policy, "policy_optimiser": self.optimiser}
        return self.critics.parts() | own | self.temperature.parts()
