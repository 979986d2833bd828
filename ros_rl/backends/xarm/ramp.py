# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How targets go over from one to the next: evenly, in a time, as a robot's `command_ramp` says."""

from __future__ import annotations

import math

import numpy as np

from ros_rl.types import Array


class Ramp:
    """Targets over time, in any unit. Each call sees a whole way, whoever changes it meanwhile.

    Args:
        start: At first, shape (n,).
        seconds: Of the way to a new target [s].
    """

    def __init__(self, start: Array, seconds: float) -> None:
        self._seconds = seconds
        self.stop(start)

    def stop(self, target: Array) -> None:
        """Be at a target, shape (n,), at once."""
        self._way = (target, target, -math.inf)

    def go(self, target: Array, now: float) -> None:
        """Go over to a target, shape (n,), from a moment on [s]."""
        self._way = (self.at(now), target, now)

    def at(self, moment: float) -> Array:
        """Where it is at a moment [s], shape (n,)."""
        before, target, begun = self._way
        if moment >= begun + self._seconds:
            return target
        return np.asarray(before + max(moment - begun, 0.0) / self._seconds * (target - before))

    @property
    def end(self) -> float:
        """When the target is reached [s]."""
        return self._way[2] + self._seconds
