# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What one step of a robot's tick stands for, where its vendor tells several units: told by how many pass in a time."""

from __future__ import annotations

import math

RUNS_OVER = 1 << 32
"""Where a tick begins anew."""
_SECONDS = 0.1  # long beside what datagrams are late, so that units a thousandfold apart cannot be taken for each other
_GAP = 0.05  # s without a state, after which it counts anew: this process was held up, while states waited


class TickUnit:
    """Counts ticks until the unit is known.

    Args:
        units: Those that it may be [s]; empty where the tick is no time.
    """

    def __init__(self, units: tuple[float, ...]) -> None:
        self._units = units
        self.known = len(units) == 1
        """Whether the unit is known."""
        self.seconds = max(units, default=math.inf)
        """The unit [s], the longest until it is known; infinite where the tick is no time."""
        self._first: tuple[int, float] | None = None
        self._last = 0.0

    def count(self, tick: int, now: float) -> None:
        """Look at a tick that has come.

        Args:
            tick: Later than the one before.
            now: Steady clock [s].
        """
        if self.known or not self._units:
            return
        if self._first is None or now - self._last > _GAP:
            self._first = tick, now
        self._last = now
        ticks, passed = (tick - self._first[0]) % RUNS_OVER, now - self._first[1]
        if passed >= _SECONDS:
            self.seconds = min(self._units, key=lambda unit: abs(math.log(unit * ticks / passed)))
            self.known = True
