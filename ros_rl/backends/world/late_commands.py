# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The way of commands to the motors, on which they are late or lost."""

from __future__ import annotations

import numpy as np

from ros_rl.settings.world import WorldSettings
from ros_rl.types import Array


class LateCommands:
    """Commands that come some control periods late, or never; of those that came, the one sent last acts.

    Args:
        world: How late, and how many are lost.
    """

    def __init__(self, world: WorldSettings) -> None:
        self._world = world
        self._rng = np.random.default_rng(0)
        self._lost = 0.0
        self._on_the_way: list[tuple[int, Array]] = []

    def begin(self, rng: np.random.Generator) -> None:
        """Of the next episode.

        Args:
            rng: Draws all of it.
        """
        self.redraw(rng)
        self.forget()

    def redraw(self, rng: np.random.Generator) -> None:
        """See `begin`, for one that goes on with what is on the way."""
        self._rng, self._lost = rng, rng.uniform(*self._world.dropped)

    def forget(self) -> None:
        """Nothing is on the way any more."""
        self._on_the_way.clear()

    def acting(self, sent: Array, last: Array) -> Array:
        """The command of the control period that begins, shape (joints,).

        Args:
            sent: The one that is sent now.
            last: That of the period before, which holds where none comes.
        """
        low, high = self._world.late
        self._on_the_way = [(left - 1, command) for left, command in self._on_the_way]
        left = int(self._rng.integers(low, high, endpoint=True))
        if self._rng.random() >= self._lost:
            self._on_the_way.append((left, sent))
        came = [index for index, (left, _) in enumerate(self._on_the_way) if left <= 0]
        if not came:
            return last
        newest = self._on_the_way[came[-1]][1]
        del self._on_the_way[: came[-1] + 1]  # an older one that comes after it counts for nothing
        return newest
