# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Multi-layer perceptrons of which many are evaluated at once, and input normalisation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ros_rl.networks.exporting import is_exporting
from ros_rl.networks.int8 import product
from ros_rl.networks.precision import Rounded, RoundedLinear

_EPSILON = 1e-3
"""Added to a batch's variance, as by Bhatt et al. 2024 (CrossQ)."""
_WIDE = 128
"""Units from which on a product in a lower precision saves more than rounding its factors costs."""


class Network(Protocol):
    """What maps (members or 1, batch, in) to (members, batch, out)."""

    def __call__(self, x: Tensor) -> Any:
        """All outputs."""

    def first(self, x: Tensor, outputs: int) -> Tensor:
        """The first `outputs` of them; the others cost nothing."""


class BatchedLinear(nn.Module):
    """`members` linear layers in one matrix product: (members, batch, in) -> (members, batch, out).

    Weights start uniform in +-1/sqrt(in), as `torch.nn.Linear`'s do, different for each member.
    """

    int8: bool = False
    """Whether a control graph computes it in 8 bits."""

    def __init__(self, members: int, size_in: int, size_out: int) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(size_in)
        self.weight = nn.Parameter(torch.empty(members, size_in, size_out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members, 1, size_out).uniform_(-bound, bound))
        self.rounded: Rounded | None = None
        """Of the weight, if products are to be made with it; not in control graphs."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply every member's layer to its own batch."""
        if self.rounded is not None and not is_exporting():
            x = x.expand(self.weight.shape[0], -1, -1)
            return RoundedLinear.apply(x, self.weight, self.bias, self.rounded(self.weight))
        if self.weight.shape[2] == 1 and not is_exporting():
            # the same, in a fifth of the time of a product with one column, and its gradient in a third
            return (x * self.weight.mT).sum(-1, keepdim=True) + self.bias
        # not torch.matmul: with one input for all members it copies the result, which takes as long as the product
        return torch.bmm(x.expand(self.weight.shape[0], -1, -1), self.weight).add_(self.bias)

    def first(self, x: Tensor, outputs: int) -> Tensor:
        """The first `outputs` values of `forward`, at the cost of those alone."""
        weight, bias = self.weight[..., :outputs], self.bias[..., :outputs]
        return torch.bmm(x.expand(weight.shape[0], -1, -1), weight).add_(bias)

    def of(self, member: int, x: Tensor, outputs: int | None = None) -> Tensor:
        """One member's layer, (batch, in) -> (batch, out); the first `outputs` values of it where they are given."""
        weight, bias = self.weight[member, :, :outputs], self.bias[member, :, :outputs]
        return product(x, weight, bias) if self.int8 else torch.addmm(bias, x, weight)


class BatchedLayerNorm(nn.Module):
    """Layer normalisation over the last axis, with each member's own gain and offset."""

    def __init__(self, members: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.gain = nn.Parameter(torch.ones(members, 1, size))
        self.offset = nn.Parameter(torch.zeros(members, 1, size))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (members, batch, size)."""
        return (nn.functional.layer_norm(x, (self.size,)) * self.gain).add_(self.offset)

    def of(self, member: int, x: Tensor) -> Tensor:
        """One member's, (batch, size)."""
        return nn.functional.layer_norm(x, (self.size,), self.gain[member, 0], self.offset[member, 0])


class BatchedBatchNorm(nn.Module):
    """Batch normalisation with each member's own statistics, gain and offset (Ioffe and Szegedy 2015).

    Args:
        members: How many.
        size: Values normalised.
        momentum: Share of a batch's statistics in the running ones, which hold in evaluation.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, members: int, size: int, momentum: float = 0.01) -> None:
        super().__init__()
        self.momentum = momentum
        self.gain = nn.Parameter(torch.ones(members, size))
        self.offset = nn.Parameter(torch.zeros(members, size))
        self.register_buffer("mean", torch.zeros(members, size))
        self.register_buffer("variance", torch.ones(members, size))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (members or 1, batch, size) over the batch."""
        if not self.training:
            factor = self.gain * torch.rsqrt(self.variance + _EPSILON)
            return x * factor[:, None] + (self.offset - self.mean * factor)[:, None]
        x = x.expand(self.gain.shape[0], -1, -1)
        parts = zip(x, self.mean, self.variance, self.gain, self.offset, strict=True)
        return torch.stack(
            [nn.functional.batch_norm(*part, training=True, momentum=self.momentum, eps=_EPSILON) for part in parts]
        )

    def of(self, member: int, x: Tensor) -> Tensor:
        """One member's, of (batch, size), by its running statistics."""
        factor = self.gain[member] * torch.rsqrt(self.variance[member] + _EPSILON)
        return x * factor + (self.offset[member] - self.mean[member] * factor)


_BATCHED = (BatchedLinear, BatchedLayerNorm, BatchedBatchNorm)


class InPlaceReLU(nn.ReLU):
    """max(x, 0), written over x."""

    def __init__(self) -> None:
        super().__init__(inplace=True)


class BatchedMLP(nn.Module):
    """`members` perceptrons side by side.

    Args:
        members: How many.
        size_in: Inputs.
        hidden: Units per hidden layer.
        layers: Hidden layers.
        size_out: Outputs.
        normalisation: ``none``; ``layer``: before each activation; ``batch``: inputs, and after each activation.
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
        blocks: list[nn.Module] = [BatchedBatchNorm(members, size_in)] if normalisation == "batch" else []
        size = size_in
        for _ in range(layers):
            blocks.append(BatchedLinear(members, size, hidden))
            if dropout:
                blocks.append(nn.Dropout(dropout))
            if normalisation == "layer":
                blocks.append(BatchedLayerNorm(members, hidden))
            blocks.append(activation())
            if normalisation == "batch":
                blocks.append(BatchedBatchNorm(members, hidden))
            size = hidden
        blocks.append(BatchedLinear(members, size, size_out))
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
