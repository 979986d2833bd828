# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Multi-layer perceptrons of which many are evaluated at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ros_rl.networks.exporting import is_exporting
from ros_rl.networks.layers import BatchedBatchNorm, BatchedLayerNorm, BatchedLinear, UnitLinear
from ros_rl.networks.precision import Rounded

_BATCHED = (BatchedLinear, BatchedLayerNorm, BatchedBatchNorm)
_WIDE = 128
"""Units from which on a product in a lower precision saves more than rounding its factors costs."""


class Network(Protocol):
    """What maps (members or 1, batch, in) to (members, batch, out)."""

    def __call__(self, x: Tensor) -> Any:
        """All outputs."""

    def first(self, x: Tensor, outputs: int) -> Tensor:
        """The first `outputs` of them; the others cost nothing."""


class BatchedMLP(nn.Module):
    """`members` perceptrons side by side.

    Args:
        members: How many.
        size_in: Inputs.
        hidden: Units per hidden layer.
        layers: Hidden layers.
        size_out: Outputs.
        normalisation: ``none``; ``layer``: before each activation; ``batch``: inputs, and after each activation;
            ``unit``: by batch, inputs and before each activation, and all weights of length 1 (`UnitLinear`).
        activation: Between layers.
        dropout: Share of the hidden units that is dropped in training, before they are normalised.
    """

    def __init__(
        self,
        members: int,
        size_in: int,
        hidden: int,
        layers: int,
        size_out: int,
        normalisation: str = "none",
        activation: type[nn.Module] = nn.SiLU,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        unit = normalisation == "unit"
        blocks: list[nn.Module] = [BatchedBatchNorm(members, size_in)] if unit or normalisation == "batch" else []
        for layer in range(layers):
            blocks += _hidden(members, hidden if layer else size_in, hidden, normalisation, activation, dropout)
        size = hidden if layers else size_in
        blocks.append(UnitLinear(members, size, size_out, True) if unit else BatchedLinear(members, size, size_out))
        self.members, self.int8 = members, False
        self.net = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """(members or 1, batch, in) -> (members, batch, out)."""
        return self._one_by_one(x, None) if _packs(x) else self.net(x)

    def first(self, x: Tensor, outputs: int) -> Tensor:
        """The first `outputs` values of `forward`; the others cost nothing."""
        if _packs(x):
            return self._one_by_one(x, outputs)
        last = self.net[-1]
        assert isinstance(last, BatchedLinear)
        return last.first(self.net[:-1](x), outputs)

    def _one_by_one(self, x: Tensor, outputs: int | None) -> Tensor:
        """`forward` for a control graph, one member after the other.

        onnxruntime packs the weights of a product of two matrices when it loads a graph, but those of a batch of
        products at every run, which takes as long as the product of some ten rows.
        """
        count, found = int(x.shape[1]), []
        rows = x.flatten(0, 1).split(count) if x.shape[0] > 1 else [x[0]] * self.members
        *hidden, last = self.net
        assert isinstance(last, BatchedLinear)
        for member, h in enumerate(rows):
            for layer in hidden:
                h = layer.of(member, h) if isinstance(layer, _BATCHED) else layer(h)
            found.append(last.of(member, h, outputs))
        output = torch.cat(found).unflatten(0, (self.members, count))
        # a number of 8 bits is always finite, and what is made of inputs that are not must not seem to be
        return output + 0.0 * x.sum(-1, keepdim=True) if self.int8 else output

    def use_int8(self) -> None:
        """Have control graphs compute the products from hidden layer to hidden layer in 8 bits."""
        self.int8 = True
        for layer in [layer for layer in self.net if isinstance(layer, BatchedLinear)][1:-1]:
            layer.int8 = True

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer: (members or 1, batch, in) -> (members, batch, hidden)."""
        return self.net[:-1](x)


def _hidden(
    members: int, size_in: int, size: int, normalisation: str, activation: type[nn.Module], dropout: float
) -> list[nn.Module]:
    """A hidden layer; arguments as those of `BatchedMLP`."""
    unit = normalisation == "unit"
    blocks: list[nn.Module] = [
        UnitLinear(members, size_in, size, False) if unit else BatchedLinear(members, size_in, size)
    ]
    if dropout:
        blocks.append(nn.Dropout(dropout))
    if normalisation == "layer":
        blocks.append(BatchedLayerNorm(members, size))
    if unit:
        blocks.append(BatchedBatchNorm(members, size))
    blocks.append(activation())
    if normalisation == "batch":
        blocks.append(BatchedBatchNorm(members, size))
    return blocks


def round_products(network: nn.Module, dtype: torch.dtype | None) -> None:
    """Make the products between wide hidden layers, in all perceptrons of a network, with factors of this type.

    Args:
        network: Whatever holds perceptrons.
        dtype: See `ros_rl.networks.precision`; None: as exact as the weights.
    """
    for perceptron in network.modules():
        if isinstance(perceptron, BatchedMLP):
            _, *hidden, _ = (layer for layer in perceptron.net if isinstance(layer, BatchedLinear))
            for layer in hidden:
                wide = min(layer.weight.shape[1:]) >= _WIDE
                layer.rounded = Rounded(dtype) if dtype is not None and wide else None


def share_rounding(frozen: nn.Module, source: nn.Module) -> None:
    """Let a copy of a network that stands in its memory round its weights when the network's have been written."""
    for layer, own in zip(frozen.modules(), source.modules(), strict=True):
        if isinstance(layer, BatchedLinear) and isinstance(own, BatchedLinear) and layer.rounded is not None:
            layer.rounded = Rounded(layer.rounded.dtype, own.weight)


def _packs(x: Tensor) -> bool:
    """Whether a control graph is made in which a product of these rows has its weights packed: not those of one row."""
    return is_exporting() and int(x.shape[1]) > 1


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """No gradient, no dropout, running statistics; afterwards each part is in the mode that it was in."""
    training = [part for part in network.modules() if part.training]
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part in training:
            part.training = True
