# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Layers of which many are evaluated at once."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ros_rl.networks.exporting import is_exporting
from ros_rl.networks.int8 import product
from ros_rl.networks.precision import Rounded, RoundedLinear

_EPSILON = 1e-3
"""Added to a batch's variance, as by Bhatt et al. 2024 (CrossQ)."""


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


class UnitLinear(BatchedLinear):
    """Linear layers whose weights into each output are a vector of length 1; at first these are orthogonal.

    A step changes the length, `project` gives it back, so steps turn the vectors by as much at any time.

    Args:
        members: How many.
        size_in: Inputs.
        size_out: Outputs.
        biased: Whether a bias is learned; it may have any size, and is zero at first.
    """

    def __init__(self, members: int, size_in: int, size_out: int, biased: bool) -> None:
        super().__init__(members, size_in, size_out)
        for weight in self.weight.detach():
            nn.init.orthogonal_(weight)
        nn.init.zeros_(self.bias).requires_grad_(biased)
        self.project()

    @torch.no_grad()
    def project(self) -> None:
        """Give all weights their length."""
        self.weight.div_(torch.linalg.vector_norm(self.weight, dim=1, keepdim=True))


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


class InPlaceReLU(nn.ReLU):
    """max(x, 0), written over x."""

    def __init__(self) -> None:
        super().__init__(inplace=True)
