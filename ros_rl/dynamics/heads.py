# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Learned reward and termination, for tasks whose own functions are not known."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ros_rl.networks import BatchedMLP, Normaliser


class TransitionHead(nn.Module):
    """Each member maps (x, u_prev, u, x') to one number; shapes are those of `DynamicsModel`.

    Args:
        members: How many.
        state_size: Values of x.
        action_size: Values of u.
        hidden: Units per hidden layer.
        layers: Hidden layers.
    """

    def __init__(self, members: int, state_size: int, action_size: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.members = members
        self.inputs = Normaliser(state_size)
        self.net = BatchedMLP(members, 2 * (state_size + action_size), hidden, layers, 1)

    def output(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """The network's output, (members, batch)."""
        states = self.inputs.normalise(state), self.inputs.normalise(next_state)
        return self.net(torch.cat([states[0], last_action, action, states[1]], -1))[..., 0]


class RewardHead(TransitionHead):
    """Each member regresses the reward r(x_k, u_{k-1}, u_k, x_{k+1})."""

    def __init__(self, members: int, state_size: int, action_size: int, hidden: int, layers: int) -> None:
        super().__init__(members, state_size, action_size, hidden, layers)
        self.rewards = Normaliser(1)

    @torch.no_grad()
    def fit_normalisers(self, state: Tensor, reward: Tensor) -> None:
        """Take the normalisation from states (count, state) and rewards (count,)."""
        self.inputs.fit(state)
        self.rewards.fit(reward[:, None])

    def forward(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Each member's reward, (members, batch)."""
        return self.rewards.restore(self.output(state, last_action, action, next_state))

    def losses(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor, reward: Tensor) -> Tensor:
        """Squared error of the normalised reward (members or 1, batch), (members,)."""
        error = self.output(state, last_action, action, next_state) - self.rewards.normalise(reward)
        return (error**2).mean(1)


class TerminationHead(TransitionHead):
    """Each member tells how likely the task ends in x_{k+1}."""

    @torch.no_grad()
    def fit_normalisers(self, state: Tensor) -> None:
        """Take the normalisation from states (count, state)."""
        self.inputs.fit(state)

    def forward(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Each member's probability, (members, batch)."""
        return torch.sigmoid(self.output(state, last_action, action, next_state))

    def losses(
        self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor, terminated: Tensor
    ) -> Tensor:
        """Binary cross entropy [nat] with what happened, 0 or 1 of shape (members or 1, batch), (members,)."""
        logits = self.output(state, last_action, action, next_state)
        wanted = terminated.to(logits.dtype).expand_as(logits)
        return nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").mean(1)
