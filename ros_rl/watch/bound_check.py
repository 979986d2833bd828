# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Soft divergence: |Q| beyond what rewards allow (van Hasselt et al. 2018, "Deep RL and the deadly triad")."""

from __future__ import annotations

import math
from collections import deque

from ros_rl.watch.value_measures import value_bound


class BoundCheck:
    """Counts the batches whose largest |Q| lies beyond `value_bound`.

    Args:
        gamma: Discount per step.
        horizon: Steps after which a time limit ends the return for good; None where time limits truncate.
        reward: Largest |reward| of a step; 0: the largest that was seen.
        window: Batches that the recent share is taken over.
    """

    def __init__(self, gamma: float, horizon: int | None, reward: float, window: int) -> None:
        self.gamma, self.horizon = gamma, horizon
        self._given, self._reward = reward > 0.0, reward
        self.largest_bonus = 0.0
        """Largest |alpha H| of a batch."""
        self.batches = 0
        self.beyond = 0
        """Batches beyond the bound, since the beginning."""
        self.first = 0
        """The first of them, counted from 1; 0 for none."""
        self.last = 0
        self.recovered = 0
        """The batch at which a whole window lay within the bound again; 0 if that never happened."""
        self.recent: deque[bool] = deque(maxlen=window)
        """Whether each of the newest batches lay beyond."""

    @property
    def bound(self) -> float:
        """Infinite for gamma 1 without a horizon, and before the first reward that is not 0."""
        if not self._reward:
            return math.inf
        return value_bound(self._reward, self.gamma, self.horizon, self.largest_bonus)

    def reward(self, size: float) -> None:
        """Take the |reward| of a step."""
        if not self._given:
            self._reward = max(self._reward, size)

    def batch(self, largest: float, entropy_bonus: float) -> None:
        """Take the largest |Q| of a batch, and alpha H; their largest since the beginning makes the bound.

        A smaller bonus does not lower the bound, since values learned under the larger one remain for long.
        """
        self.batches += 1
        self.largest_bonus = max(self.largest_bonus, abs(entropy_bonus))
        outside = not largest <= self.bound  # true of a value that is not a number, too
        self.recent.append(outside)
        if outside:
            self.beyond += 1
            self.first = self.first or self.batches
            self.last, self.recovered = self.batches, 0
        elif self.first and self.batches - self.last == self.recent.maxlen:
            self.recovered = self.batches

    def figures(self) -> dict[str, float]:
        """Figures by name; nothing before the first batch."""
        if not self.batches:
            return {}
        found = {"q_bound": self.bound} if math.isfinite(self.bound) else {}
        if self.recent:  # empty after a resume
            found["beyond_recent"] = sum(self.recent) / len(self.recent)
        return found | {
            "beyond_total": self.beyond / self.batches,
            "first_beyond": float(self.first),
            "recovered": float(self.recovered),
        }

    def state_dict(self) -> dict[str, float]:
        """What a resume needs; the window begins anew."""
        names = ("_reward", "largest_bonus", "batches", "beyond", "first", "last", "recovered")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Take over what `state_dict` gave."""
        for name in self.state_dict():
            setattr(self, name, state[name])
