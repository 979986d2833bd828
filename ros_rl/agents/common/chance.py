# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Chance by comparison: a control graph has standard normal noise, and no other."""

from __future__ import annotations

import math
from statistics import NormalDist


def threshold(chance: float) -> float:
    """What a standard normal number is above with this chance; from 1 on always.

    To three decimals, which change a mean time by less than a percent.
    """
    return round(NormalDist().inv_cdf(1.0 - chance), 3) if chance < 1.0 else -math.inf
