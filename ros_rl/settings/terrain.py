# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the ground is like, as settings."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ros_rl.config import setting

Range = tuple[float, float]
"""Lowest and highest."""
FLAT, ROUGH, SLOPES, STEPS, SLIPPERY = KINDS = ("flat", "rough", "slopes", "steps", "slippery")
SIDE = 12.0
"""Of the square of ground that repeats itself along x and y [m]; half of it goes up, where it has slopes."""


@dataclass(frozen=True)
class TerrainSettings:
    """Kinds of ground, and how far each is from a flat floor; an episode draws one kind, then its measures."""

    kinds: tuple[str, ...] = setting((FLAT,), "kinds of ground, of which each episode draws one:", choices=KINDS)
    rough_height: Range = setting((0.02, 0.05), "rough: largest height of bumps", unit="m", low=0.0, high=0.3)
    rough_spacing: Range = setting((0.2, 0.4), "rough: between bumps", unit="m", low=0.2, high=2.0)
    slope: Range = setting((0.05, 0.175), "slopes: of ridges, up and down", unit="rad", low=0.0, high=0.6)
    slope_length: Range = setting((1.5, 3.0), "slopes: from valley to ridge", unit="m", low=0.3, high=6.0)
    step_height: Range = setting((0.02, 0.06), "steps: of each, up or down", unit="m", low=0.0, high=0.3)
    step_length: Range = setting((0.5, 1.0), "steps: of treads", unit="m", low=0.2, high=3.0)
    slippery_friction: Range = setting((0.1, 0.3), "slippery: of feet on patches", low=0.01, high=3.0)
    slippery_size: Range = setting((0.4, 1.0), "slippery: side of patches", unit="m", low=0.06, high=6.0)
    slippery_share: Range = setting((0.2, 0.5), "slippery: share of the ground that patches take", low=0.0, high=1.0)

    @property
    def uneven(self) -> bool:
        """Whether an episode may be on other ground than a scene's floor."""
        return any(kind not in (FLAT, SLIPPERY) for kind in self.kinds)

    @property
    def varies(self) -> bool:
        """Whether an episode may be on other ground than an even, even slippery floor."""
        return any(kind != FLAT for kind in self.kinds)


def fitting_count(length: Range) -> int:
    """How many lengths of a range fill half a side, as near to its middle as can be; 0 if no number of them does."""
    low, high = length
    fewest, most = math.ceil(SIDE / 2 / high - 1e-9), math.floor(SIDE / 2 / low + 1e-9)
    return min(max(round(SIDE / (low + high)), fewest), most) if fewest <= most else 0
