# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Passes through networks, forwards and back: by hand through plain perceptrons, by autograd through all others.

By hand there are no more products and no more memory than needed, and what nobody asks for costs nothing, such as the
gradient of the observation beside an action, or the way back through a critic that is not the smallest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from ros_rl.networks.critics import ActionValues, CriticEnsemble
from ros_rl.networks.mlp import BatchedMLP
from ros_rl.networks.stages import Linear, stage

_FEW = 0.75
"""Share of the rows with a slope up to which it is quicker to gather them first."""

_BLOCK = 32
"""Rows are gathered in whole blocks of so many."""


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
        values: What else of the network is asked for than what it gives when it is called.
    """

    def __init__(self, network: nn.Module, learns: bool = True, values: Callable[..., Tensor] | None = None) -> None:
        self._ask, self._learns = values or network, learns
        self._parameters = list(network.parameters())
        self._last = self._values = torch.empty(0)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """See `Pass`."""
        *first, last = inputs
        with torch.enable_grad():
            self._last = last.detach().requires_grad_(not self._learns)
            self._values = self._ask(*first, self._last)
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
    """By hand (`ros_rl.networks.stages`); to (members, batch, outputs).

    Args:
        net: Of which `is_plain` is true.
        members: How many of its members are asked, and learn nothing; None: all.
        single: Whether values are (members, batch), of the only output.
    """

    def __init__(self, net: BatchedMLP, members: int | None = None, single: bool = False) -> None:
        stages = [found for block in net.net if (found := stage(block, members)) is not None]
        first, *self._above = stages
        assert isinstance(first, Linear)
        self._first, self._single, self._last = first, single, 0

    @torch.no_grad()
    def __call__(self, *inputs: Tensor) -> Tensor:
        """See `Pass`."""
        self._last = inputs[-1].shape[-1]
        x = self._first(inputs[0] if len(inputs) == 1 else torch.cat(inputs, -1)[None])
        for each in self._above:
            x = each(x)
        return x[..., 0] if self._single else x.clone()

    @torch.no_grad()
    def learn(self, slope: Tensor) -> None:
        """See `Pass`."""
        slope = slope[..., None] if self._single else slope
        for each in reversed(self._above):
            slope = each.learn(slope, go_back=True)
        self._first.learn(slope, go_back=False)

    @torch.no_grad()
    def input_slope(self, slope: Tensor) -> Tensor:
        """See `Pass`; rows of a slope that is zero are left out."""
        slope = slope[..., None] if self._single else slope
        counted = slope.any(-1) if len(slope) > 1 and slope.device.type == "cpu" else None
        if counted is None or int(counted.sum()) > _FEW * counted.numel():
            for each in reversed(self._above):
                slope = each.back(slope)
            return self._first.back_to_last(slope, self._last)
        found = slope.new_zeros(slope.shape[1], self._last)
        for member in range(len(slope)):
            rows, own = _rows(counted[member]), slice(member, member + 1)
            part = slope[own].index_select(1, rows)
            for each in reversed(self._above):
                part = each.back(part, own, rows)
            found.index_add_(0, rows, self._first.back_to_last(part, self._last, own))
        return found


def _rows(counted: Tensor) -> Tensor:
    """Numbers of the rows that count, and of some others so that there are whole blocks.

    Products in a lower precision are compiled for each new number of rows.
    """
    wanted = int(counted.sum())
    blocks = min(-(-wanted // _BLOCK) * _BLOCK, len(counted))
    return counted.to(torch.int8).topk(blocks, sorted=False).indices


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
    """Whether it is nothing but linear layers, layer norms and ReLUs."""
    return all(stage(block, None) is not None for block in net.net)
