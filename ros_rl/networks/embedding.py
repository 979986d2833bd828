# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""State-action embeddings, and the policy and the critics that see them (Fujimoto et al. 2023, SALE).

An embedding of a state and an action is trained to foretell that of the next state, so that it tells critics of the
dynamics. It is trained apart from them: to them it is an input. What it does not foretell, the state and the action
themselves, they see through a linear layer whose outputs are brought to the embeddings' scale.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from ros_rl.networks.layers import BatchedLinear, InPlaceReLU
from ros_rl.networks.mlp import BatchedMLP

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


class ScaledFirst(nn.Module):
    """Perceptrons that see an input through a linear layer of unit mean, and an embedding as it is; two hidden layers.

    Args:
        members: How many.
        size_in: Values of the input.
        embedded: Values of what is embedded.
        hidden: Units in the linear layer and in each hidden layer.
        size_out: Outputs.
    """

    def __init__(self, members: int, size_in: int, embedded: int, hidden: int, size_out: int) -> None:
        super().__init__()
        self.scaled = BatchedLinear(members, size_in, hidden)
        self.net = BatchedMLP(members, hidden + embedded, hidden, 2, size_out, activation=InPlaceReLU)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """(members, batch, outputs), from inputs (batch, size_in) and embeddings (batch, embedded)."""
        return self.net(self._joined(x, embedding))

    def features(self, x: Tensor, embedding: Tensor) -> Tensor:
        """The last hidden layer, (members, batch, hidden)."""
        return self.net.features(self._joined(x, embedding))

    def _joined(self, x: Tensor, embedding: Tensor) -> Tensor:
        first = unit_mean(self.scaled(x[None]))
        return torch.cat([first, embedding.expand(first.shape[0], -1, -1)], -1)


class EmbeddedCritics(nn.Module):
    """Q(o, u, z, g(z, u)) of several critics, with the embedding that they learned with, which they leave as it is.

    Args:
        critics: How many.
        size_in: Values of a network input.
        action_size: Values of an action.
        hidden: Units in each of their layers.
        embedding: Is copied.
        size: Values of an embedding.
    """

    def __init__(
        self, critics: int, size_in: int, action_size: int, hidden: int, embedding: Embedding, size: int
    ) -> None:
        super().__init__()
        self.embedding = copy.deepcopy(embedding).requires_grad_(False)
        self.net = ScaledFirst(critics, size_in + action_size, 2 * size, hidden, 1)

    def forward(self, obs: Tensor, action: Tensor, z: Tensor | None = None) -> Tensor:
        """Values, (critics, batch), of inputs (batch, inputs) and actions (batch, actions); `z` if it is known."""
        return self.net(*self._inputs(obs, action, z))[..., 0]

    def features(self, obs: Tensor, action: Tensor) -> Tensor:
        """The last hidden layer, (critics, batch, hidden)."""
        return self.net.features(*self._inputs(obs, action))

    def _inputs(self, obs: Tensor, action: Tensor, z: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z = self.embedding.of_state(obs) if z is None else z
        return torch.cat([obs, action], -1), torch.cat([self.embedding.of_pair(z, action), z], -1)


class EmbeddedPolicy(nn.Module):
    """tanh of a perceptron that sees a state and its embedding; see `EmbeddedCritics` for the arguments."""

    def __init__(self, size_in: int, action_size: int, hidden: int, size: int) -> None:
        super().__init__()
        self.net = ScaledFirst(1, size_in, size, hidden, action_size)

    def forward(self, obs: Tensor, z: Tensor) -> Tensor:
        """Actions in (-1, 1), (batch, actions), from inputs (batch, inputs) and embeddings (batch, size)."""
        return torch.tanh(self.net(obs, z)[0])
