# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Numbers of unknown scale: squashed, and foretold as a distribution over bins (Hafner et al. 2023, DreamerV3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ros_rl.networks.bins import on_bins
from ros_rl.world_models.layers import Perceptron


def symlog(x: Tensor) -> Tensor:
    """sign(x) log(1 + |x|): about x where it is small."""
    return x.sign() * x.abs().log1p()


def symexp(x: Tensor) -> Tensor:
    """The inverse of `symlog`."""
    return x.sign() * x.abs().expm1()


class TwoHot(nn.Module):
    """Foretells a number as probabilities of bins, which are evenly spaced after `symlog`; at first it is zero.

    Learned by cross-entropy from targets that are shared among the two bins next to them, so its gradient does not
    grow with the target's scale.

    Args:
        size_in: Inputs.
        hidden: Units in each of the two hidden layers.
        bins: How many, an odd number.
        largest: The outermost ones' symlog; numbers beyond them are taken for theirs.
    """

    bins: Tensor

    def __init__(self, size_in: int, hidden: int, bins: int, largest: float) -> None:
        super().__init__()
        self.net = Perceptron(size_in, hidden, bins, 0.0)
        self.register_buffer("bins", symexp(torch.linspace(-largest, largest, bins)))

    def forward(self, x: Tensor) -> Tensor:
        """The expected number, (...,), from inputs (..., size_in)."""
        return self.mean(self.net(x))

    def mean(self, logits: Tensor) -> Tensor:
        """The expected number, (...,), from what the network gives."""
        probability, half = functional.softmax(logits, -1), self.bins.shape[0] // 2
        # bins that face each other cancel exactly where they are alike
        facing = probability[..., half + 1 :] - probability[..., :half].flip(-1)
        return (facing * self.bins[half + 1 :]).sum(-1)

    def loss(self, x: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy to targets (...,), of which no gradient flows."""
        return -(self.shared(target) * functional.log_softmax(self.net(x), -1)).sum(-1)

    def shared(self, target: Tensor) -> Tensor:
        """Probabilities (..., bins) whose mean is the target, all on the two bins next to it."""
        return on_bins(self.bins, target[..., None], torch.ones_like(target[..., None]))
