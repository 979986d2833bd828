# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A perceptron's layers by hand, forwards and back, in memory that is used again (without autograd).

A slope is the derivative of a loss after something, of its shape. Going back, a layer may be asked for some members and
some rows alone. What a layer gives stays as it is until it is asked again.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from ros_rl.networks.layers import BatchedLayerNorm, BatchedLinear, InPlaceReLU

ALL = slice(None)
_EPSILON = 1e-5
"""Of `torch.nn.functional.layer_norm`."""


class Stage(Protocol):
    """A layer, of all members at once: (members, batch, in) to (members, batch, out)."""

    def __call__(self, x: Tensor) -> Tensor:
        """Its values."""

    def learn(self, slope: Tensor, go_back: bool) -> Tensor:
        """Set the gradients of its parameters, from the slope after it; the slope before it, if that is asked for."""

    def back(self, slope: Tensor, own: slice = ALL, rows: Tensor | None = None) -> Tensor:
        """The slope before it, from that after it, for the members `own` and their `rows`; None: all."""


class Linear:
    """Products with the layer's weights, or with their rounding.

    Args:
        layer: Whose parameters these are.
        members: How many of its members are asked; None: all.
    """

    def __init__(self, layer: BatchedLinear, members: int | None) -> None:
        self._layer, self._members = layer, slice(members)
        self._weight, self._bias = layer.weight.detach()[:members], layer.bias.detach()[:members]
        self._gradients = torch.empty_like(layer.weight), torch.empty_like(layer.bias)
        self._memory = self._below = self._x = self._factor = self._weight.new_empty(0)

    def __call__(self, x: Tensor) -> Tensor:
        """See `Stage`."""
        members, _, size_out = self._weight.shape
        x, rounded = x.expand(members, -1, -1), self._layer.rounded
        self._memory = _fitting(self._memory, (members, x.shape[1], size_out), x)
        if rounded is not None:
            self._x, self._factor = x.to(rounded.dtype), rounded(self._layer.weight)[self._members]
            return self._memory.copy_(torch.bmm(self._x, self._factor)).add_(self._bias)
        self._x, self._factor = x, self._weight
        if size_out > 1:
            return torch.baddbmm(self._bias, x, self._weight, out=self._memory)
        # in a fifth of the time of a product with one column
        self._below = _fitting(self._below, x.shape, x)
        return torch.mul(x, self._weight.mT, out=self._below).sum(-1, keepdim=True).add_(self._bias)

    def learn(self, slope: Tensor, go_back: bool) -> Tensor:
        """See `Stage`."""
        of_weight, of_bias = self._gradients
        torch.sum(slope, 1, keepdim=True, out=of_bias)
        if self._x.dtype != slope.dtype:
            of_weight.copy_(torch.bmm(self._x.mT, slope.to(self._x.dtype)))
        elif slope.shape[2] > 1:
            torch.bmm(self._x.mT, slope, out=of_weight)
        else:
            torch.bmm(slope.mT, self._x, out=of_weight.mT)
        self._layer.weight.grad, self._layer.bias.grad = self._gradients
        return self.back(slope) if go_back else slope

    def back(self, slope: Tensor, own: slice = ALL, rows: Tensor | None = None) -> Tensor:
        """See `Stage`."""
        factor = self._factor[own]
        if factor.dtype != slope.dtype:
            return torch.bmm(slope.to(factor.dtype), factor.mT).to(slope.dtype)
        out = None
        if rows is None and own == ALL:
            out = self._below = _fitting(self._below, (*slope.shape[:2], factor.shape[1]), slope)
        return torch.mul(slope, factor.mT, out=out) if factor.shape[2] == 1 else torch.bmm(slope, factor.mT, out=out)

    def back_to_last(self, slope: Tensor, count: int, own: slice = ALL) -> Tensor:
        """As `back`, to the last `count` of its inputs, added up over the members: (batch, count)."""
        return torch.bmm(slope, self._weight[own, -count:].mT).sum(0)


class Norm:
    """Layer normalisation; arguments as those of `Linear`."""

    def __init__(self, layer: BatchedLayerNorm, members: int | None) -> None:
        self._layer, self._shape = layer, [layer.size]
        self._gain, self._offset = layer.gain.detach()[:members, 0], layer.offset.detach()[:members, 0]
        self._gradients = torch.empty_like(layer.gain), torch.empty_like(layer.offset)
        self._memory = self._below = self._x = self._gain.new_empty(0)
        self._moments: list[tuple[Tensor, Tensor]] = []

    def __call__(self, x: Tensor) -> Tensor:
        """See `Stage`."""
        self._x, self._memory = x, _fitting(self._memory, x.shape, x)
        self._moments = []
        for part, gain, offset, out in zip(x, self._gain, self._offset, self._memory, strict=True):
            values, mean, rstd = torch.native_layer_norm(part, self._shape, gain, offset, _EPSILON)
            out.copy_(values)
            self._moments.append((mean, rstd))
        return self._memory

    def learn(self, slope: Tensor, go_back: bool) -> Tensor:
        """See `Stage`."""
        of_gain, of_offset = self._gradients
        self._below = _fitting(self._below, slope.shape, slope)
        for member, part in enumerate(slope):
            found = self._back(part, self._x[member], *self._moments[member], member, [go_back, True, True])
            if go_back:
                self._below[member] = found[0]
            of_gain[member, 0], of_offset[member, 0] = found[1:]
        self._layer.gain.grad, self._layer.offset.grad = self._gradients
        return self._below

    def back(self, slope: Tensor, own: slice = ALL, rows: Tensor | None = None) -> Tensor:
        """See `Stage`."""
        found = []
        for member, part in zip(range(*own.indices(len(self._x))), slope, strict=True):
            known = (self._x[member], *self._moments[member])
            x, mean, rstd = known if rows is None else (value.index_select(0, rows) for value in known)
            found.append(self._back(part, x, mean, rstd, member, [True, False, False])[0])
        return torch.stack(found)

    def _back(
        self, slope: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, member: int, asked: list[bool]
    ) -> tuple[Tensor, Tensor, Tensor]:
        gain, offset = self._gain[member], self._offset[member]
        found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.native_layer_norm_backward(
            slope, x, self._shape, mean, rstd, gain, offset, asked
        )
        return found


class Positive:
    """max(x, 0), written over x."""

    def __init__(self) -> None:
        self._y = torch.empty(0)

    def __call__(self, x: Tensor) -> Tensor:
        """See `Stage`."""
        self._y = x.relu_()
        return self._y

    def learn(self, slope: Tensor, go_back: bool) -> Tensor:
        """See `Stage`."""
        return self.back(slope) if go_back else slope

    def back(self, slope: Tensor, own: slice = ALL, rows: Tensor | None = None) -> Tensor:
        """See `Stage`; written over the slope after it."""
        y = self._y[own] if rows is None else self._y[own].index_select(1, rows)
        return torch.ops.aten.threshold_backward(slope, y, 0.0, grad_input=slope)


def stage(block: nn.Module, members: int | None) -> Stage | None:
    """A layer by hand; None if only autograd knows the way.

    Args:
        block: Of a `BatchedMLP`.
        members: How many of its members are asked; None: all.
    """
    if isinstance(block, BatchedLinear):
        return Linear(block, members)
    if isinstance(block, BatchedLayerNorm):
        return Norm(block, members)
    return Positive() if isinstance(block, InPlaceReLU) else None


def _fitting(memory: Tensor, shape: tuple[int, ...] | torch.Size, like: Tensor) -> Tensor:
    """The same memory if it has this shape, else other."""
    return memory if memory.shape == torch.Size(shape) and memory.dtype == like.dtype else like.new_empty(shape)
