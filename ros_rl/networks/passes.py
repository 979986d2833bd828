# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Passes through networks, forwards and back: by hand through plain perceptrons, by autograd through all others.

By hand there are no more products and no more memory than needed: biases are added by the products, activations and
their gradients stand in memory that is used again, and what nobody asks for costs nothing, such as the gradient of the
observation beside an action, or the way back through a critic that is not the smallest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from ros_rl.networks.critics import ActionValues, CriticEnsemble
from ros_rl.networks.mlp import BatchedLinear, BatchedMLP, InPlaceReLU

_FEW = 0.75
"""Share of the rows with a slope up to which it is quicker to gather them first."""


class Pass(Protocol):
    """A way through a network, and back once. A slope is the derivative of a loss after something, of its shape."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Values, without gradient, of inputs, (batch, ...) each."""

    def learn(self, slope: Tensor) -> None:
        """Give all parameters the gradient of a loss, from its slope after the values."""

    def input_slope(self, slope: Tensor) -> Tensor:
        """The slope after the last of the inputs, from that after the values."""


class GraphPass:
    """By autograd.

    Args:
        network: From inputs to values.
        learns: Whether it is to learn; else the way back goes to its last input.
    """

    def __init__(self, network: nn.Module, learns: bool = True) -> None:
        self._network, self._learns = network, learns
        self._parameters = list(network.parameters())
        self._last = self._values = torch.empty(0)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """See `Pass`."""
        *first, last = inputs
        with torch.enable_grad():
            self._last = last.detach().requires_grad_(not self._learns)
            self._values = self._network(*first, self._last)
        return self._values.detach()

    def learn(self, slope: Tensor) -> None:
        """See `Pass`."""
        for parameter in self._parameters:
            parameter.grad = None
        self._values.backward(slope)

    def input_slope(self, slope: Tensor) -> Tensor:
        """See `Pass`."""
        return torch.autograd.grad(self._values, self._last, slope)[0]


class PlainPass:
    """By hand, through linear layers with ReLUs between them; to (members, batch, outputs).

    Args:
        net: Of which `is_plain` is true.
        members: How many of its members are asked, and learn nothing; None: all.
        single: Whether values are (members, batch), of the only output.
    """

    def __init__(self, net: BatchedMLP, members: int | None = None, single: bool = False) -> None:
        self._parameters, self._single = list(net.parameters()), single
        own = self._parameters if members is None else [tensor.detach()[:members] for tensor in self._parameters]
        self._weights, self._biases = own[::2], own[1::2]
        self._memory: list[Tensor] = []
        """For each hidden layer, and one more."""
        self._gradients = [torch.empty_like(tensor) for tensor in self._parameters] if members is None else []
        self._seen: list[Tensor] = []
        self._last = 0

    @torch.no_grad()
    def __call__(self, *inputs: Tensor) -> Tensor:
        """See `Pass`."""
        self._last = inputs[-1].shape[-1]
        members, _, hidden = self._weights[0].shape
        x = (inputs[0] if len(inputs) == 1 else torch.cat(inputs, -1)).expand(members, -1, -1)
        if not self._memory or self._memory[0].shape[1] != x.shape[1]:
            self._memory = [x.new_empty(members, x.shape[1], hidden) for _ in self._weights]
        self._seen = [x]
        *lower, top = zip(self._weights, self._biases, strict=True)
        for (weight, bias), memory in zip(lower, self._memory, strict=False):
            x = torch.baddbmm(bias, x, weight, out=memory).relu_()
            self._seen.append(x)
        weight, bias = top
        if weight.shape[2] > 1:
            output = torch.baddbmm(bias, x, weight)
        else:  # in a fifth of the time of a product with one column
            output = torch.mul(x, weight.mT, out=self._memory[-1]).sum(-1, keepdim=True).add_(bias)
        return output[..., 0] if self._single else output

    @torch.no_grad()
    def learn(self, slope: Tensor) -> None:
        """See `Pass`."""
        slope = slope[..., None] if self._single else slope
        free = self._memory[-1]
        for layer in reversed(range(len(self._weights))):
            x, of_weight = self._seen[layer], self._gradients[2 * layer]
            torch.sum(slope, 1, keepdim=True, out=self._gradients[2 * layer + 1])
            if slope.shape[2] > 1:
                torch.bmm(x.mT, slope, out=of_weight)
            else:
                torch.bmm(slope.mT, x, out=of_weight.mT)
            if layer:
                slope, free = _before(slope, x, self._weights[layer], free), x
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient

    @torch.no_grad()
    def input_slope(self, slope: Tensor) -> Tensor:
        """See `Pass`; rows of a slope that is zero are left out."""
        slope = slope[..., None] if self._single else slope
        counted = slope.any(-1) if len(slope) > 1 and slope.device.type == "cpu" else None
        if counted is None or int(counted.sum()) > _FEW * counted.numel():
            return self._way_back(slope, self._seen, slice(None), self._memory[-1]).sum(0)
        found = slope.new_zeros(slope.shape[1], self._last)
        for member in range(len(slope)):
            rows, own = counted[member].nonzero()[:, 0], slice(member, member + 1)
            seen = [x[own].index_select(1, rows) for x in self._seen[1:]]
            part = self._way_back(slope[own].index_select(1, rows), [self._seen[0], *seen], own)
            found.index_add_(0, rows, part[0])
        return found

    def _way_back(self, slope: Tensor, seen: Sequence[Tensor], own: slice, free: Tensor | None = None) -> Tensor:
        """After the last input, (members, batch, values), for some members."""
        for layer in reversed(range(1, len(seen))):
            slope = _before(slope, seen[layer], self._weights[layer][own], free)
            free = seen[layer]
        return torch.bmm(slope, self._weights[0][own, -self._last :].mT)


def _before(slope: Tensor, x: Tensor, weight: Tensor, free: Tensor | None) -> Tensor:
    """The slope before the ReLU that gave a layer's input `x`, from that after the layer; written to `free`."""
    before = torch.mul(slope, weight.mT, out=free) if weight.shape[2] == 1 else torch.bmm(slope, weight.mT, out=free)
    return torch.ops.aten.threshold_backward(before, x, 0.0, grad_input=before)


def plain_pass(network: nn.Module, members: int | None = None) -> PlainPass | None:
    """By hand through critics, or to the values of all discrete actions; None where only autograd knows the way.

    Args:
        network: Its values are the pass's.
        members: How many of its members are asked, and learn nothing; None: all.
    """
    if isinstance(network, CriticEnsemble | ActionValues) and is_plain(network.net):
        return PlainPass(network.net, members, single=isinstance(network, CriticEnsemble))
    return None


def is_plain(net: BatchedMLP) -> bool:
    """Whether it is nothing but linear layers with ReLUs between them."""
    return all(isinstance(block, BatchedLinear | InPlaceReLU) for block in net.net)
