# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Times of a task in control periods, which are as long as the run's settings say."""

from __future__ import annotations


def periods(seconds: float, period: float) -> int:
    """Control periods in a time, rounded; at least one.

    Args:
        seconds: The time [s].
        period: Control period [s].
    """
    return max(round(seconds / period), 1)
