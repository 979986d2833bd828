# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a simulated body keeps up with the clock: the steps that are due, and what is too late is let go."""

from __future__ import annotations

import time
from collections.abc import Callable

_LATEST = 0.1  # s; a machine that was held up for longer slows the world down


class Pace:
    """Counts the steps that are due.

    Args:
        period: Of a step [s].
        clock: The steady clock [s].
    """

    def __init__(self, period: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._period, self._clock = period, clock
        self._most = round(_LATEST / period)
        self._due = clock()

    def steps(self) -> range:
        """The steps to take now; none before the next is due."""
        late = self._clock() - self._due
        due = int(late / self._period) + 1 if late >= 0.0 else 0
        self._due += due * self._period
        return range(min(due, self._most))

    @property
    def left(self) -> float:
        """Until the next step is due [s]; 0 where it is."""
        return max(self._due - self._clock(), 0.0)
