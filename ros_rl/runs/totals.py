# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the nodes of a run counted and timed over all of their processes, also those of before it went on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ros_rl.errors import warn_once
from ros_rl.runs.durable import write_whole

TOTALS = "totals.json"
COUNTS = {
    "deadline_misses": ("driver", "deadline misses"),
    "faults": ("driver", "faults"),
    "dropped": ("collector", "transitions dropped"),
}
"""By their names in a summary, node and figure of what is added up."""
TIMES = {"plan_ms": ("controller", "plan"), "tick_to_command_ms": ("driver", "tick to command")}
"""By their names in a summary, node and beginning of the figures of what is timed."""
TICKS = "tick count"
"""Figure that a node counts up as long as its process lives; it weighs the times."""
_PERCENTILES = ("p50", "p99", "max")

Figures = Mapping[str, Mapping[str, str]]
"""Values of each node's diagnostics, by node."""


@dataclass(frozen=True)
class Times:
    """Percentiles of durations [ms] over `ticks` ticks."""

    ticks: float
    p50: float
    p99: float
    max: float

    def plus(self, other: Times) -> Times:
        """Of both: percentiles are their means weighted by ticks, which is all that can be told without the data."""
        ticks = self.ticks + other.ticks
        share = self.ticks / ticks
        p50, p99 = (share * a + (1.0 - share) * b for a, b in ((self.p50, other.p50), (self.p99, other.p99)))
        return Times(ticks, p50, p99, max(self.max, other.max))


@dataclass(frozen=True)
class Totals:
    """Sums over processes.

    Attributes:
        wall_minutes: Wall-clock time [min].
        counts: By the names of `COUNTS`.
        times: By the names of `TIMES`.
    """

    wall_minutes: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[str, Times] = field(default_factory=dict)

    @classmethod
    def of(cls, figures: Figures, wall_minutes: float = 0.0) -> Totals:
        """What the present processes told last."""
        counts = {name: number(figures, node, key) for name, (node, key) in COUNTS.items()}
        times = {name: _times(figures, *source) for name, source in TIMES.items()}
        return cls(
            wall_minutes,
            {name: int(value) for name, value in counts.items() if math.isfinite(value)},
            {name: value for name, value in times.items() if value is not None},
        )

    def plus(self, other: Totals) -> Totals:
        """Of both."""
        counts = {name: self.counts.get(name, 0) + other.counts.get(name, 0) for name in {*self.counts, *other.counts}}
        times = {**self.times, **other.times}
        times |= {name: self.times[name].plus(other.times[name]) for name in {*self.times} & {*other.times}}
        return Totals(self.wall_minutes + other.wall_minutes, counts, times)

    def percentiles(self, name: str) -> dict[str, float]:
        """Of one of `TIMES` [ms]; nan where nothing was timed."""
        found = self.times.get(name)
        return {key: math.nan if found is None else getattr(found, key) for key in _PERCENTILES}

    def write(self, folder: Path) -> None:
        """Keep them in a run's folder.

        Raises:
            OSError: The disk is full, or the folder cannot be written; what was there stays.
        """
        write_whole(folder / TOTALS, json.dumps(asdict(self)).encode())


def read_totals(folder: Path) -> Totals:
    """What a run's folder keeps; nothing if it keeps none, or if it is damaged, which is told: no reason to stop."""
    if not (folder / TOTALS).exists():
        return Totals()
    try:
        found = json.loads((folder / TOTALS).read_bytes())
        counts = {name: int(found["counts"][name]) for name in found["counts"]}
        return Totals(float(found["wall_minutes"]), counts, {n: Times(**each) for n, each in found["times"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        what = "wall-clock time, faults and times of planning before now are not counted"
        warn_once(f"{folder / TOTALS} is damaged: {what}")
        return Totals()


def number(figures: Figures, node: str, name: str) -> float:
    """A figure of a node's diagnostics; nan if it gave none."""
    try:
        return float(figures.get(node, {}).get(name, "nan"))
    except ValueError:
        return math.nan


def _times(figures: Figures, node: str, name: str) -> Times | None:
    values = [number(figures, node, f"{name} {key} [ms]") for key in _PERCENTILES]
    ticks = number(figures, node, TICKS)
    return Times(max(ticks, 1.0), *values) if all(map(math.isfinite, [ticks, *values])) else None
