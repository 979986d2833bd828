# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Prioritised sampling, proportional variant (Schaul et al. 2016, "Prioritized Experience Replay")."""

from __future__ import annotations

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.replay.sum_tree import Index, SumTree
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Array


class Priorities:
    """Draws transition i with P(i) = p_i^alpha / sum_k p_k^alpha, and gives the weights that undo the bias.

    A new transition has the largest priority that was ever given (1 before any was), so whoever never gives one draws
    uniformly.

    Args:
        capacity: Places of the ring.
        settings: Exponents and the smallest priority.
    """

    def __init__(self, capacity: int, settings: ReplaySettings) -> None:
        self._settings = settings
        self._tree = SumTree(capacity)
        self.largest = 1.0
        """Largest p^alpha ever given."""

    def renew(self, index: Index) -> None:
        """Give the transitions that were just stored at these places the largest priority."""
        self._tree[index] = self.largest

    def update(self, index: Index, priority: Array) -> None:
        """Replace priorities.

        Args:
            index: Places in the ring, (batch,).
            priority: Errors of either sign, (batch,).

        Raises:
            ConfigError: A priority is not finite; none is replaced.
        """
        weight = (np.abs(np.asarray(priority, np.float64)) + self._settings.epsilon) ** self._settings.alpha
        if not np.isfinite(weight).all():
            raise ConfigError(f"{np.count_nonzero(~np.isfinite(weight))} of {weight.size} priorities are not finite")
        self._tree[index] = weight
        self.largest = max(self.largest, float(weight.max(initial=0.0)))

    def draw(self, size: int, rng: np.random.Generator) -> Index:
        """Places in the ring, stratified by priority, (size,)."""
        return self._tree.draw(size, rng)

    def weight(self, index: Index, held: int, added: int) -> np.ndarray:
        """Importance weights (N P(i))^-beta over the largest of the batch, float32 (batch,), in (0, 1].

        Divided by the batch's largest and not the buffer's, one old transition with a tiny priority cannot shrink all
        steps. Within a batch the ratios are exact, which is what the bias depends on.

        Args:
            index: Places in the ring, (batch,).
            held: Transitions held, N.
            added: Transitions ever added, which beta grows with.
        """
        s = self._settings
        beta = min(1.0, s.beta_start + (1.0 - s.beta_start) * added / s.beta_steps)
        weight = (held * self._tree[index] / self._tree.total) ** -beta
        return (weight / weight.max()).astype(np.float32)

    def state(self, held: int) -> dict[str, np.ndarray]:
        """What `restore` takes."""
        return {"priority": self._tree.weights[:held], "largest_priority": np.array(self.largest)}

    def restore(self, weights: Array, largest: float) -> None:
        """Take over priorities (to the power of alpha) of the ring's first places."""
        self._tree[np.arange(len(weights))] = weights
        self.largest = largest
