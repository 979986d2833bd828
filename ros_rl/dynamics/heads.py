# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Learned reward and termination, for tasks whose own functions are not known."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ros_rl.networks.mlp import BatchedMLP
from ros_rl.networks.normaliser import Normaliser


class _Head(nn.Module):
    """One perceptron that gives one number for each vector; vectors may have any leading dimensions.

    Args:
        size: Values of state and goal together.
        size_in: Inputs of the perceptron.
        hidden: Units per hidden layer.
        layers: Hidden layers.
    """

    def __init__(self, size: int, size_in: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.inputs = Normaliser(size)
        self.net = BatchedMLP(1, size_in, hidden, layers, 1)

    def _number(self, x: Tensor) -> Tensor:
        return self.net(x.reshape(1, -1, x.shape[-1])).reshape(x.shape[:-1])


class RewardHead(_Head):
    """Regresses the reward r(x_k, u_{k-1}, u_k, x_{k+1}); x holds the goal too.

    Args:
        size: Values of x.
        action_size: Values of u.
        hidden: Units per hidden layer.
        layers: Hidden layers.
    """

    def __init__(self, size: int, action_size: int, hidden: int, layers: int) -> None:
        super().__init__(size, 2 * (size + action_size), hidden, layers)
        self.rewards = Normaliser(1)

    @torch.no_grad()
    def fit_normalisers(self, x: Tensor, reward: Tensor) -> None:
        """Take the normalisation from x (count, size) and rewards (count,)."""
        self.inputs.fit(x)
        self.rewards.fit(reward[:, None])

    def forward(self, x: Tensor, last_action: Tensor, action: Tensor, next_x: Tensor) -> Tensor:
        """The reward, (...,); `x` and `next_x` are (..., size), actions broadcast to (..., actions)."""
        return self.rewards.restore(self._normalised(x, last_action, action, next_x))

    def loss(self, x: Tensor, last_action: Tensor, action: Tensor, next_x: Tensor, reward: Tensor) -> Tensor:
        """Mean squared error of the normalised reward, whose true values are `reward`, (...,)."""
        error = self._normalised(x, last_action, action, next_x) - self.rewards.normalise(reward)
        return (error**2).mean()

    def _normalised(self, x: Tensor, last_action: Tensor, action: Tensor, next_x: Tensor) -> Tensor:
        last, now = (part.expand(*x.shape[:-1], -1) for part in (last_action, action))
        return self._number(torch.cat([self.inputs.normalise(x), last, now, self.inputs.normalise(next_x)], -1))


class TerminationHead(_Head):
    """Tells from x_{k+1} whether the task ended there; x holds the goal too.

    Args:
        size: Values of x.
        hidden: Units per hidden layer.
        layers: Hidden layers.
    """

    def __init__(self, size: int, hidden: int, layers: int) -> None:
        super().__init__(size, size, hidden, layers)

    @torch.no_grad()
    def fit_normalisers(self, x: Tensor) -> None:
        """Take the normalisation from x (count, size)."""
        self.inputs.fit(x)

    def forward(self, next_x: Tensor) -> Tensor:
        """Log-odds that the task ended, (...,), from (..., size)."""
        return self._number(self.inputs.normalise(next_x))

    def loss(self, next_x: Tensor, terminated: Tensor) -> Tensor:
        """Binary cross entropy [nat] with what happened, 0 or 1 of shape (...,)."""
        return nn.functional.binary_cross_entropy_with_logits(self(next_x), terminated)
