# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Monte-Carlo dropout: a posterior over one network's weights, behind the interface of an ensemble.

Gal and Ghahramani 2016. A member is a fixed set of dropped units. It stays the same from step to step, so that a
member's rollout is one function applied again and again (Gal et al. 2016, Deep PILCO, section 4.2).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ros_rl.dynamics.gaussian_ensemble import GaussianEnsemble


class _Linear(nn.Module):
    """As `torch.nn.Linear`, with the weight lying as it is used, so that an exported graph's can be replaced."""

    def __init__(self, size_in: int, size_out: int) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(size_in)
        self.weight = nn.Parameter(torch.empty(size_out, size_in).uniform_(-bound, bound).T.contiguous())
        self.bias = nn.Parameter(torch.empty(size_out).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight + self.bias

    def first(self, x: Tensor, outputs: int) -> Tensor:
        return x @ self.weight[:, :outputs] + self.bias[:outputs]


class DropoutMLP(nn.Module):
    """One perceptron under `members` masks.

    Args:
        members: Masks.
        size_in: Inputs.
        hidden: Units per hidden layer.
        layers: Hidden layers.
        size_out: Outputs.
        rate: Share of the hidden units that a mask drops.
    """

    def __init__(self, members: int, size_in: int, hidden: int, layers: int, size_out: int, rate: float) -> None:
        super().__init__()
        self.members, self.rate = members, rate
        self.fresh = False
        """Whether each row gets a mask of its own, drawn anew, instead of its member's."""
        sizes = [size_in, *[hidden] * layers]
        self.hidden = nn.ModuleList(_Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True))
        self.output = _Linear(hidden, size_out)
        for layer in range(layers):
            self.register_buffer(f"mask_{layer}", torch.empty(members, 1, hidden))
        self.draw()

    @property
    def masks(self) -> list[Tensor]:
        """The members' masks, (members, 1, hidden) for each hidden layer."""
        return [self.get_buffer(f"mask_{layer}") for layer in range(len(self.hidden))]

    def draw(self) -> None:
        """Draw the members' masks."""
        for mask in self.masks:
            mask.copy_(self._mask(mask))

    def forward(self, x: Tensor) -> Tensor:
        """(members or 1, batch, in) -> (members, batch, out)."""
        return self.output(self._hidden(x))

    def first(self, x: Tensor, outputs: int) -> Tensor:
        """The first `outputs` values of `forward`; the others cost nothing."""
        return self.output.first(self._hidden(x), outputs)

    def _hidden(self, x: Tensor) -> Tensor:
        x = x.expand(self.members, -1, -1)
        for layer, mask in zip(self.hidden, self.masks, strict=True):
            x = nn.functional.silu(layer(x))
            x = x * (self._mask(x) if self.fresh else mask)
        return x

    def _mask(self, like: Tensor) -> Tensor:
        return (torch.rand_like(like) >= self.rate).to(like.dtype) / (1.0 - self.rate)


class DropoutModel(GaussianEnsemble):
    """One network with a Gaussian head whose members are dropout masks.

    Args:
        members: Masks, drawn here and by `draw_members`.
        state_size: Values of x.
        action_size: Values of u.
        hidden: Units per hidden layer.
        layers: Hidden layers.
        rate: Share of the hidden units that a mask drops.
    """

    net: DropoutMLP

    draws_to_learn = True

    def __init__(
        self, members: int, state_size: int, action_size: int, hidden: int, layers: int, rate: float = 0.1
    ) -> None:
        net = DropoutMLP(members, state_size + 2 * action_size, hidden, layers, 2 * state_size, rate)
        super().__init__(members, state_size, action_size, hidden, layers, net)

    def draw_members(self) -> None:
        """Take other members from the posterior: new masks."""
        self.net.draw()

    def member_tensors(self) -> list[Tensor]:
        """The masks: members share all parameters."""
        return self.net.masks

    def losses(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Gaussian negative log-likelihood; in training under masks drawn for each row, else under the members'."""
        self.net.fresh = self.training
        try:
            return super().losses(state, last_action, action, next_state)
        finally:
            self.net.fresh = False
