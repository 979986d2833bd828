# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How late stamped messages come, where the clock that stamps them may be another machine's."""

from __future__ import annotations

import math

_KEPT = 100  # messages, of which the quickest is what others are compared with; two such windows are kept


class Lateness:
    """How much later a message came than the quickest of the last ones: both clocks' offset does not count."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Another clock stamps from now on."""
        self._least, self._before, self._count = math.inf, math.inf, 0

    def __call__(self, stamp: int, now: float) -> float:
        """Take a message; how late it is [s], 0 for the quickest.

        Args:
            stamp: Of the message [ns].
            now: Steady clock [s].
        """
        offset = now - stamp * 1e-9
        if self._count == _KEPT:
            self._least, self._before, self._count = math.inf, self._least, 0
        self._least, self._count = min(self._least, offset), self._count + 1
        return offset - min(self._least, self._before)
