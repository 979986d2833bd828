# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How long decisions take."""

from __future__ import annotations

from collections import deque

import numpy as np

from ros_rl.types import Array

WARM_UP = 3
"""First decisions of what decides that do not count: in them a runtime allocates memory and chooses its kernels."""


class Durations:
    """Percentiles of the newest durations.

    Args:
        kept: How many count.
    """

    def __init__(self, kept: int = 2000) -> None:
        self._values: deque[float] = deque(maxlen=kept)

    def add(self, seconds: float) -> None:
        """Take one [s]."""
        self._values.append(seconds)

    def milliseconds(self) -> dict[str, float]:
        """p50, p99 and max [ms]; empty before the first."""
        if not self._values:
            return {}
        values: Array = np.percentile(np.array(self._values) * 1e3, (50, 99, 100))
        return dict(zip(("p50", "p99", "max"), values.tolist(), strict=True))
