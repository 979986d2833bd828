# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver's count of ticks, and their stamps."""

from __future__ import annotations

_NANOSECONDS = 1_000_000_000


class TickClock:
    """Counts ticks and stamps them.

    Args:
        rate_hz: Control rate [Hz].
    """

    def __init__(self, rate_hz: float) -> None:
        self.period = 1.0 / rate_hz
        """Control period [s]."""
        self._period_ns = round(_NANOSECONDS / rate_hz)
        self.index = -1
        """Of the open tick in the run; -1 before the first."""
        self.stamp = 0
        """Of the open tick [ns]."""
        self.elapsed = self.period
        """Since the tick before it [s]; a period at least."""

    def count(self, stamp: int | None) -> None:
        """One tick more.

        Args:
            stamp: Its stamp [ns], if it is later than the last; None: one period after it.
        """
        before = self.stamp
        self.index += 1
        self.stamp = before + self._period_ns if stamp is None else max(stamp, before + 1)
        self.elapsed = max(self.period, (self.stamp - before) / _NANOSECONDS)
