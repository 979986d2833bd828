# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How much of a model's gradient work is worth doing: less, the better it predicts what it has not learned from.

As by Dorka et al. 2023 ("Dynamic update-to-data ratio"), held-out data decide and not a schedule. Theirs are a set of
their own, whose loss should keep falling; here they are the newest transitions, before they are learned from. While
these are predicted as well as the replayed ones are fitted, another update would only fit better what is known.
"""

from __future__ import annotations

import math

_ENOUGH = 0.5
"""Excess of the held-out loss from which on all updates are due [nat per predicted value]."""
_MOST = 10.0
"""What a single transition, such as a fall, counts at most [nat per predicted value]."""
_RATE = 0.02
"""Share of the newest loss in the running means, which so go back some 50 losses."""


class UpdatesNeeded:
    """The share of a model's updates that is due.

    Args:
        least: The smallest share, in [0, 1].
    """

    def __init__(self, least: float) -> None:
        self.least = least
        self.excess = math.nan
        """Running mean of how much worse new transitions are predicted than old ones are fitted [nat per value]."""
        self.fitted = math.nan
        """Loss of updates, running mean [nat per value]."""

    @property
    def share(self) -> float:
        """In [least, 1]; all updates are due until both losses are known."""
        if math.isnan(self.excess):
            return 1.0
        return min(max(self.excess / _ENOUGH, self.least), 1.0)

    def note_fitted(self, loss: float) -> None:
        """Take the loss of an update [nat per value]."""
        self.fitted = _mean(self.fitted, loss)

    def note_held_out(self, loss: float) -> None:
        """Take the loss on what is new [nat per value], before it is learned from."""
        if not math.isnan(self.fitted):
            self.excess = _mean(self.excess, min(loss - self.fitted, _MOST))

    def state(self) -> list[float]:
        """What `restore` takes; empty before both losses are known."""
        return [] if math.isnan(self.excess) else [self.excess, self.fitted]

    def restore(self, state: list[float]) -> None:
        """Take over what `state` gave."""
        self.excess, self.fitted = state or (math.nan, math.nan)


def _mean(before: float, value: float) -> float:
    if not math.isfinite(value):
        return before
    return value if math.isnan(before) else before + _RATE * (value - before)
