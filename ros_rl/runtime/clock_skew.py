# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a robot's own clock goes beside this machine's, from the stamps of what it measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_FEWEST = 10  # stamps
_SINCE_1970 = 1e9  # s; a clock that has counted less began when the robot did
OFFSET = 0.05
"""Between two machines' clocks, from which stamps of both are hard to compare: a control period at 20 Hz [s]."""
DRIFT = 1e-3
"""Seconds a second, from which a clock is none: quartz is off by 1e-4 at most."""


@dataclass(frozen=True)
class Skew:
    """What stamps tell of the clock that made them.

    Attributes:
        ahead: Of this machine's system clock, less the way here [s]; None for a clock that began with the robot.
        gain: Of it beside this machine's steady clock, a second [s].
    """

    ahead: float | None
    gain: float

    def __str__(self) -> str:
        """In words."""
        gain = f"gains {self.gain * 1e3:.2f} ms a second"
        return f"began when it did; {gain}" if self.ahead is None else f"{self.ahead * 1e3:.1f} ms ahead; {gain}"

    @property
    def fix(self) -> str:
        """What to do about it; empty where nothing is wrong."""
        if abs(self.gain) > DRIFT:
            return (
                f"its stamps gain {self.gain * 1e3:.1f} ms a second, at most {DRIFT * 1e3:g} is a clock: wait until it "
                "is synchronised; a simulated robot may be slower than real time"
            )
        if self.ahead is not None and abs(self.ahead) > OFFSET:
            return (
                f"its clock is {self.ahead:.3f} s ahead, at most {OFFSET:g}: synchronise both machines with one server "
                "(chrony)"
            )
        return ""


def skew(arrivals: Sequence[float], stamps: Sequence[float], epoch: float) -> Skew | None:
    """Compare stamps with when they came; the quickest of each half count, as late ones tell of the way here.

    Args:
        arrivals: By the steady clock [s].
        stamps: By the robot's [s].
        epoch: What the system clock is ahead of the steady one [s].

    Returns:
        None where there are too few.
    """
    if len(stamps) < _FEWEST:
        return None
    times, ahead = np.asarray(arrivals), np.asarray(stamps) - np.asarray(arrivals)
    half = len(ahead) // 2
    first, second = int(np.argmax(ahead[:half])), half + int(np.argmax(ahead[half:]))
    gain = (ahead[second] - ahead[first]) / (times[second] - times[first])
    since = stamps[-1] > _SINCE_1970
    return Skew(float(ahead[half:].max() - epoch) if since else None, float(gain))
