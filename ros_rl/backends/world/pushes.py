# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Somebody pushes the robot now and then."""

from __future__ import annotations

import numpy as np

from ros_rl.settings.world import WorldSettings
from ros_rl.types import Array


class Pushes:
    """When a robot is pushed, where to, and how hard.

    Args:
        world: Ranges of both.
        period: Control period [s], at whose begin pushes act.
    """

    def __init__(self, world: WorldSettings, period: float) -> None:
        self._world, self._period = world, period
        self._left = 0.0
        self._rng = np.random.default_rng(0)

    def begin(self, rng: np.random.Generator) -> None:
        """Of the next episode.

        Args:
            rng: Draws all of it.
        """
        self._rng = rng
        self._left = rng.uniform(*self._world.push_every)

    def next(self) -> Array | None:
        """The change of the base's velocity as the next control period begins [m/s], shape (3,); None for no push."""
        if self._world.push[1] == 0.0:
            return None
        self._left -= self._period
        if self._left > 1e-9:
            return None
        self._left += self._rng.uniform(*self._world.push_every)
        size, angle = self._rng.uniform(*self._world.push), self._rng.uniform(-np.pi, np.pi)
        return np.array([size * np.cos(angle), size * np.sin(angle), 0.0])
