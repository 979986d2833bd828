# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A binary tree of sums: draws in proportion to weights that change (Schaul et al. 2016, appendix B.2.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ros_rl.types import Array

Index = NDArray[np.int64]


class SumTree:
    """Weights, and the sums of every pair, of every two pairs and so on; batches cost log2(capacity) numpy operations.

    Node 1 is the root, the children of node i are 2 i and 2 i + 1. Sums are computed anew from their two parts, never
    by differences, so no rounding error piles up.

    Args:
        capacity: Weights held, all zero at first.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._levels = max(1, (capacity - 1).bit_length())
        self._first = 1 << self._levels
        self._sums = np.zeros(2 * self._first)

    @property
    def total(self) -> float:
        """Sum of all weights."""
        return float(self._sums[1])

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
        for _ in range(self._levels):
            node = node >> 1
            self._sums[node] = self._sums[2 * node] + self._sums[2 * node + 1]

    def find(self, mass: Array) -> Index:
        """The indices at which the running sum of the weights exceeds `mass`, (batch,); never one of weight zero.

        Args:
            mass: (batch,), in [0, total).
        """
        mass = mass.copy()
        node = np.ones(len(mass), np.int64)
        for _ in range(self._levels):
            node = 2 * node
            left = self._sums[node]
            # rounding may leave a mass that the right side does not have: never enter an empty side
            right = (mass >= left) & (self._sums[node + 1] > 0.0)
            mass -= np.where(right, left, 0.0)
            node += right
        return node - self._first

    def draw(self, size: int, rng: np.random.Generator) -> Index:
        """Draw indices in proportion to their weights, one from each of `size` equal shares of the total."""
        return self.find((np.arange(size) + rng.random(size)) * (self.total / size))
