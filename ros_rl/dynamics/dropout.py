# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Monte-Carlo dropout: a posterior over one network's weights, behind the interface of an ensemble.

Gal and Ghahramani 2016. A member is a fixed set of dropped units. It stays the same from step to step, so that a
member's rollout is one function applied again and again (Gal et al. 2016, Deep PILCO, section 4.2).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ros_rl.dynamics.gaussian_ensemble import GaussianEnsemble


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

    masks: Tensor

    def __init__(self, members: int, size_in: int, hidden: int, layers: int, size_out: int, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.fresh = False
        """Whether each row gets a mask of its own, drawn anew, instead of its member's."""
        sizes = [size_in, *[hidden] * layers]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True))
        self.output = nn.Linear(hidden, size_out)
        self.register_buffer("masks", torch.empty(layers, members, 1, hidden))
        self.draw()

    def draw(self) -> None:
        """Draw the members' masks."""
        self.masks.copy_(self._mask(self.masks))

    def forward(self, x: Tensor) -> Tensor:
        """(members or 1, batch, in) -> (members, batch, out)."""
        x = x.expand(self.masks.shape[1], -1, -1)
        for layer, mask in zip(self.hidden, self.masks, strict=True):
            x = nn.functional.silu(layer(x))
            x = x * (self._mask(x) if self.fresh else mask)
        return self.output(x)

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

    def __init__(
        self, members: int, state_size: int, action_size: int, hidden: int, layers: int, rate: float = 0.1
    ) -> None:
        net = DropoutMLP(members, state_size + 2 * action_size, hidden, layers, 2 * state_size, rate)
        super().__init__(members, state_size, action_size, hidden, layers, net)

    def draw_members(self) -> None:
        """Take other members from the posterior: new masks."""
        self.net.draw()

    def losses(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Gaussian negative log-likelihood; in training under masks drawn for each row, else under the members'."""
        self.net.fresh = self.training
        try:
            return super().losses(state, last_action, action, next_state)
        finally:
            self.net.fresh = False
