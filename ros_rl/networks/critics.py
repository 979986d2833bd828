# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Values of actions, by several critics at once."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ros_rl.networks.layers import InPlaceReLU
from ros_rl.networks.mlp import BatchedMLP


class CriticEnsemble(nn.Module):
    """Q(x, u) of several critics at once.

    Args:
        critics: How many.
        size_in: Inputs, action included.
        hidden: Units in each of the two hidden layers.
        normalisation: Of the hidden layers; see `BatchedMLP`.
        dropout: Share of the hidden units that is dropped in training.
    """

    def __init__(
        self, critics: int, size_in: int, hidden: int, normalisation: str = "layer", dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.net = BatchedMLP(critics, size_in, hidden, 2, 1, normalisation, InPlaceReLU, dropout)

    def forward(self, x: Tensor, action: Tensor) -> Tensor:
        """Values, (critics, batch), of inputs (batch, ...) and actions (batch, actions)."""
        return self.net(torch.cat([x, action], -1)[None])[..., 0]

    def features(self, x: Tensor, action: Tensor) -> Tensor:
        """The last hidden layer, (critics, batch, hidden)."""
        return self.net.features(torch.cat([x, action], -1)[None])


class CategoricalEnsemble(nn.Module):
    """Of several critics at once the distribution of Q(x, u) over evenly spaced bins (Bellemare et al. 2017, C51).

    Args:
        critics: How many.
        size_in: Inputs, action included.
        hidden: Units in each of the two hidden layers.
        normalisation: Of the hidden layers; see `BatchedMLP`.
        dropout: Share of the hidden units that is dropped in training.
        bins: How many, at least two.
        largest: The outermost ones are at +- this.
    """

    bins: Tensor
    """(1, bins), of all critics."""

    def __init__(
        self, critics: int, size_in: int, hidden: int, normalisation: str, dropout: float, bins: int, largest: float
    ) -> None:
        super().__init__()
        self.net = BatchedMLP(critics, size_in, hidden, 2, bins, normalisation, InPlaceReLU, dropout)
        self.register_buffer("bins", torch.linspace(-largest, largest, bins)[None])

    def forward(self, x: Tensor, action: Tensor) -> Tensor:
        """Expected values, (critics, batch), of inputs (batch, ...) and actions (batch, actions)."""
        return torch.softmax(self.logits(x, action), -1) @ self.bins[0]

    def logits(self, x: Tensor, action: Tensor) -> Tensor:
        """Log-probabilities of the bins but for a constant, (critics, batch, bins)."""
        return self.net(torch.cat([x, action], -1)[None])

    def features(self, x: Tensor, action: Tensor) -> Tensor:
        """The last hidden layer, (critics, batch, hidden)."""
        return self.net.features(torch.cat([x, action], -1)[None])


class ActionValues(nn.Module):
    """Q(x, .) of all discrete actions, by several critics at once.

    Args:
        critics: How many.
        size_in: Inputs.
        hidden: Units in each of the two hidden layers.
        choices: Actions.
        normalisation: Of the hidden layers; see `BatchedMLP`.
        dropout: Share of the hidden units that is dropped in training.
    """

    def __init__(
        self, critics: int, size_in: int, hidden: int, choices: int, normalisation: str = "none", dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.net = BatchedMLP(critics, size_in, hidden, 2, choices, normalisation, InPlaceReLU, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Values, (critics, batch, choices), of inputs (batch, size_in)."""
        return self.net(x[None])

    def features(self, x: Tensor, action: Tensor) -> Tensor:
        """The last hidden layer, (critics, batch, hidden), whatever the action."""
        return self.net.features(x[None])


@torch.no_grad()
def polyak(target: Iterable[Tensor], source: Iterable[Tensor], tau: float) -> None:
    """Move the target's parameters by the share `tau` towards the source's."""
    torch._foreach_lerp_(list(target), list(source), tau)
