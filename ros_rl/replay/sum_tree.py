# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Binary trees of sums: draws in proportion to weights that change (after Schaul et al. 2016, appendix B.2.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ros_rl.types import Array

Index = NDArray[np.int64]

_CROWN_LEVELS = 9
"""2^9 sums: numpy adds up that many in the time of about one level of a batch's walk."""


class SumTree:
    """Weights, and the sums of every pair, of every two pairs and so on up to the crown of at most 512 sums.

    A batch costs a running sum over the crown and a few numpy operations per level below it. The children of node i are
    2 i and 2 i + 1. Sums are computed anew from their two parts, never by differences, so no rounding error piles up.

    Args:
        capacity: Weights held, all zero at first.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        levels = (capacity - 1).bit_length()
        self._walk = max(0, levels - _CROWN_LEVELS)
        self._first = 1 << levels
        self._sums = np.zeros(2 * self._first)
        self._crown = self._sums[self._first >> self._walk :][: self._first >> self._walk]

    @property
    def total(self) -> float:
        """Sum of all weights."""
        return float(self._crown.sum())

    @property
    def weights(self) -> Array:
        """All weights, (capacity,); a view to read from."""
        return self._sums[self._first : self._first + self.capacity]

    def __getitem__(self, index: Index) -> Array:
        return self._sums[self._first + index]

    def __setitem__(self, index: Index, weight: Array | float) -> None:
        """Replace weights; of an index that occurs twice the last weight holds."""
        node = self._first + index
        self._sums[node] = weight
        for _ in range(self._walk):
            node = node >> 1
            self._sums[node] = self._sums[2 * node] + self._sums[2 * node + 1]

    def find(self, mass: Array) -> Index:
        """The indices at which the running sum of the weights exceeds `mass`, (batch,); never one of weight zero.

        Args:
            mass: (batch,), in [0, total).
        """
        running = np.concatenate([[0.0], np.cumsum(self._crown)])
        mass = np.minimum(mass, np.nextafter(running[-1], 0.0))
        top = np.searchsorted(running, mass, side="right") - 1
        mass -= running[top]
        node = len(self._crown) + top
        for _ in range(self._walk):
            node = 2 * node
            left = self._sums[node]
            # rounding may leave a mass that the right side does not have: never enter an empty side
            right = (mass >= left) & (self._sums[node + 1] > 0.0)
            mass -= right * left
            node += right
        return node - self._first

    def draw(self, size: int, rng: np.random.Generator) -> Index:
        """Draw indices in proportion to their weights, one from each of `size` equal shares of the total."""
        return self.find((np.arange(size) + rng.random(size)) * (self.total / size))
