# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""State-action embeddings, and the policy and the critics that see them (Fujimoto et al. 2023, SALE).

An embedding of a state and an action is trained to foretell that of the next state, so that it tells critics of the
dynamics. It is trained apart from them: to them it is an input.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from ros_rl.networks.mlp import BatchedMLP, InPlaceReLU

_SMALLEST = 1e-8
"""A mean of absolute values below this is not divided by."""


def unit_mean(x: Tensor) -> Tensor:
    """Divide by the mean of the absolute values along the last axis (the paper's AvgL1Norm): it keeps the scale."""
    return x / x.abs().mean(-1, keepdim=True).clamp_min(_SMALLEST)


class Embedding(nn.Module):
    """z = f(o) of a state and g(z, u) of a state and an action, which is to be f(o') of the next state.

    Args:
        size_in: Values of a network input.
        action_size: Values of an action.
        hidden: Units in each of the two hidden layers.
        size: Values of either embedding.
    """

    def __init__(self, size_in: int, action_size: int, hidden: int, size: int) -> None:
        super().__init__()
        self.state = BatchedMLP(1, size_in, hidden, 2, size, activation=nn.ELU)
        self.pair = BatchedMLP(1, size + action_size, hidden, 2, size, activation=nn.ELU)

    def of_state(self, obs: Tensor) -> Tensor:
        """f(o), (batch, size), from network inputs (batch, inputs)."""
        return unit_mean(self.state(obs[None])[0])

    def of_pair(self, z: Tensor, action: Tensor) -> Tensor:
        """g(z, u), (batch, size), from z (batch, size) and actions (batch, actions)."""
        return self.pair(torch.cat([z, action], -1)[None])[0]

    def loss(self, obs: Tensor, action: Tensor, next_obs: Tensor) -> Tensor:
        """Mean of (g(f(o), u) - f(o'))^2, where f(o') is a constant (equation 4 of the paper)."""
        with torch.no_grad():
            next_embedding = self.of_state(next_obs)
        return ((self.of_pair(self.of_state(obs), action) - next_embedding) ** 2).mean()


class EmbeddedCritics(nn.Module):
    """Q(o, u, z, g(z, u)) of several critics, with the embedding that they learned with, which they leave as it is.

    Args:
        critics: How many.
        size_in: Values of a network input.
        action_size: Values of an action.
        hidden: Units in each of the two hidden layers.
        embedding: Is copied.
        size: Values of an embedding.
    """

    def __init__(
        self, critics: int, size_in: int, action_size: int, hidden: int, embedding: Embedding, size: int
    ) -> None:
        super().__init__()
        self.embedding = copy.deepcopy(embedding).requires_grad_(False)
        self.net = BatchedMLP(critics, size_in + action_size + 2 * size, hidden, 2, 1, activation=InPlaceReLU)

    def forward(self, obs: Tensor, action: Tensor, z: Tensor | None = None) -> Tensor:
        """Values, (critics, batch), of inputs (batch, inputs) and actions (batch, actions); `z` if it is known."""
        return self.net(self._inputs(obs, action, z))[..., 0]

    def features(self, obs: Tensor, action: Tensor) -> Tensor:
        """The last hidden layer, (critics, batch, hidden)."""
        return self.net.features(self._inputs(obs, action))

    def _inputs(self, obs: Tensor, action: Tensor, z: Tensor | None = None) -> Tensor:
        z = self.embedding.of_state(obs) if z is None else z
        return torch.cat([obs, action, self.embedding.of_pair(z, action), z], -1)[None]


class EmbeddedPolicy(nn.Module):
    """tanh of a perceptron that sees a state and its embedding; see `EmbeddedCritics` for the arguments."""

    def __init__(self, size_in: int, action_size: int, hidden: int, size: int) -> None:
        super().__init__()
        self.net = BatchedMLP(1, size_in + size, hidden, 2, action_size, activation=InPlaceReLU)

    def forward(self, obs: Tensor, z: Tensor) -> Tensor:
        """Actions in (-1, 1), (batch, actions), from inputs (batch, inputs) and embeddings (batch, size)."""
        return torch.tanh(self.net(torch.cat([obs, z], -1)[None])[0])
