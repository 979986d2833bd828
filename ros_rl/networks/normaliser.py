# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Running mean and deviation of network inputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Normaliser(nn.Module):
    """Running mean and deviation of vectors; constant dimensions are left alone instead of divided by zero.

    Args:
        size: Values per vector.
        floor: Smallest deviation used, in the vector's own units.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, size: int, floor: float = 1e-3) -> None:
        super().__init__()
        self.floor = floor
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))

    def fit(self, data: Tensor) -> None:
        """Take mean and deviation from data of shape (count, size); the deviation of a single row is zero."""
        self.mean.copy_(data.mean(0))
        self.std.copy_(data.std(0, correction=min(1, data.shape[0] - 1)).clamp_min(self.floor))

    def normalise(self, x: Tensor) -> Tensor:
        """(x - mean) / std."""
        return (x - self.mean) / self.std

    def restore(self, x: Tensor) -> Tensor:
        """The inverse of `normalise`."""
        return x * self.std + self.mean


class RunningNormaliser(Normaliser):
    """The same, from one batch after the other: averages of their means and squares.

    Args:
        size: Values per vector.
        floor: Smallest deviation used, in the vector's own units.
        keeps: Share of the old averages in the new ones; the first ones are plain averages.
    """

    square: Tensor
    batches: Tensor

    def __init__(self, size: int, floor: float = 1e-3, keeps: float = 0.99) -> None:
        super().__init__(size, floor)
        self.keeps = keeps
        self.register_buffer("square", torch.ones(size))
        self.register_buffer("batches", torch.zeros(()))

    @torch.no_grad()
    def notice(self, data: Tensor) -> None:
        """Take notice of a batch, (count, size)."""
        self.batches += 1.0
        share = torch.clamp(1.0 / self.batches, min=1.0 - self.keeps)
        self.mean.lerp_(data.mean(0), share)
        self.square.lerp_(data.square().mean(0), share)
        self.std.copy_((self.square - self.mean.square()).clamp_min(self.floor**2).sqrt())
