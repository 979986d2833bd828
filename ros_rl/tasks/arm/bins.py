# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Two bins side by side in front of an arm: which one a place is over, and what of theirs changed bins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_rl.rotations import quaternion_to_matrix
from ros_rl.tasks.measures import Measure
from ros_rl.types import Array, Outcome, Truth

_PATIENCE = 20.0  # s; twice what an expert by two choices a second needs for a thing
_LIES = 0.035  # m; what has its middle lower lies in a bin, and hangs in no gripper


@dataclass(frozen=True)
class Bins:
    """Two bins that are each other's mirror image in the plane y = 0 of the base; all in m.

    Attributes:
        near: Smallest x in them.
        far: Largest.
        inner: Smallest distance from that plane.
        outer: Largest.
    """

    near: float
    far: float
    inner: float
    outer: float

    def side(self, places: Any) -> Any:
        """Which bin places are over, shape (...): 1 the left one, -1 the right one, 0 neither.

        Args:
            places: x, y and more, numpy or torch, shape (..., 2 or more) [m].
        """
        x, y = places[..., 0], places[..., 1]
        left = (y >= self.inner) & (y <= self.outer)
        right = (y <= -self.inner) & (y >= -self.outer)
        within = (x >= self.near) & (x <= self.far)
        return 1.0 * (within & left) - 1.0 * (within & right)


TWO_BINS = Bins(0.30, 0.54, 0.04, 0.26)
"""Those of the scenes ``two_bins``, ``two_bins_soft`` and ``two_bins_hung``."""


def transfers(bins: Bins, outcome: Outcome) -> list[int]:
    """The ticks of an episode at which a thing came to lie in the other bin than before, by the truth, in order."""
    ways = ([_in_base(truth, name) for truth in outcome.truths] for name in outcome.start.objects)
    return sorted(tick for way in ways for tick in moved(bins, way))


def moved(bins: Bins, places: Iterable[Array]) -> list[int]:
    """Where on its way, places of shape (3,) [m], a thing came to lie in the other bin than the one in which it lay."""
    found, last = [], 0.0
    for number, place in enumerate(places):
        side = float(bins.side(place)) if place[2] < _LIES else 0.0
        found += [number] if side and last and side != last else []
        last = side or last
    return found


def _stalled(outcome: Outcome) -> float:
    moments = np.array([0.0, *transfers(TWO_BINS, outcome), outcome.seconds / outcome.period])
    return float(np.diff(moments).max() * outcome.period > _PATIENCE)


def _in_base(truth: Truth, name: str) -> Array:
    moved = truth.objects[name].position - truth.base_position
    return quaternion_to_matrix(truth.base_orientation).T @ moved


OBJECTS_PER_MINUTE = Measure(
    "objects_per_minute",
    "1/min",
    lambda outcome: len(transfers(TWO_BINS, outcome)) * 60.0 / outcome.seconds,
    ("mean", "min"),
    meaning="things that came to lie in the other bin, per minute of the episode",
)
STALLED = Measure(
    "stalled",
    "1",
    _stalled,
    ("mean",),
    meaning=f"whether nothing came to lie in the other bin for {_PATIENCE:g} s, somewhere in the episode",
)
