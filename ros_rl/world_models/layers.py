# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What networks of world models are made of: layers that are normalised, and a recurrent cell of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Dense(nn.Module):
    """A linear layer, layer normalisation and SiLU (Hafner et al. 2023)."""

    def __init__(self, size_in: int, size_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size_in, size_out, bias=False)
        self.norm = nn.LayerNorm(size_out)

    def forward(self, x: Tensor, more: Tensor | None = None) -> Tensor:
        """(..., size_out); `more` is added to the linear layer's output, where it is known from elsewhere."""
        y = self.linear(x)
        return functional.silu(self.norm(y if more is None else y + more))


class Perceptron(nn.Module):
    """Two dense layers and a linear one.

    Args:
        size_in: Inputs.
        hidden: Units in each hidden layer.
        size_out: Outputs.
        start: Factor of the last layer's first weights; 0: what comes out is zero at first.
    """

    def __init__(self, size_in: int, hidden: int, size_out: int, start: float = 1.0) -> None:
        super().__init__()
        self.hidden = nn.Sequential(Dense(size_in, hidden), Dense(hidden, hidden))
        self.out = nn.Linear(hidden, size_out)
        with torch.no_grad():
            self.out.weight.mul_(start)
            self.out.bias.mul_(start)

    def forward(self, x: Tensor) -> Tensor:
        """(..., size_out)."""
        found: Tensor = self.out(self.hidden(x))
        return found


class RecurrentCell(nn.Module):
    """Gated recurrent unit with layer normalisation, whose gates begin almost shut (Hafner et al. 2021, DreamerV2).

    Args:
        size_in: Inputs.
        size: Values of the state.
    """

    def __init__(self, size_in: int, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size_in + size, 3 * size, bias=False)
        self.norm = nn.LayerNorm(3 * size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """The next state, (batch, size), from inputs (batch, size_in)."""
        gates = self.norm(self.linear(torch.cat([x, state], -1)))
        reset, candidate, update = gates.chunk(3, -1)
        candidate = torch.tanh(torch.sigmoid(reset) * candidate)
        return torch.lerp(state, candidate, torch.sigmoid(update - 1.0))
