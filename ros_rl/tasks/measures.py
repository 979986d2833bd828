# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an evaluation reports about a task, from the simulator's truth. A task lists its own in `Task.measures`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ros_rl.types import Outcome

_SUMMARIES: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": lambda values: float(np.mean(values)),
    "median": lambda values: float(np.median(values)),
    "min": lambda values: float(np.min(values)),
    "p95": lambda values: float(np.percentile(values, 95)),
    "max": lambda values: float(np.max(values)),
}


@dataclass(frozen=True)
class Measure:
    """One number per evaluation episode, and how the episodes' numbers are summarised.

    Attributes:
        name: The results' keys are ``<name>_<summary>``.
        unit: SI unit.
        of: Computes it from an episode's outcome.
        summaries: Of ``mean``, ``median``, ``min``, ``p95`` (95th percentile) and ``max``.
        meaning: What the number is, in one line.
    """

    name: str
    unit: str
    of: Callable[[Outcome], float]
    summaries: tuple[str, ...]
    meaning: str = field(default="", kw_only=True)

    def summarise(self, outcomes: Sequence[Outcome]) -> dict[str, float]:
        """The summaries over all episodes, by their keys."""
        values = [self.of(outcome) for outcome in outcomes]
        return {f"{self.name}_{summary}": _SUMMARIES[summary](values) for summary in self.summaries}


def _forward_velocity(outcome: Outcome) -> float:
    moved = outcome.end.base_position - outcome.start.base_position
    yaw = outcome.start.base_yaw
    return float(moved[0] * np.cos(yaw) + moved[1] * np.sin(yaw)) / outcome.seconds


FORWARD_VELOCITY = Measure(
    "forward_velocity",
    "m/s",
    _forward_velocity,
    ("mean", "min"),
    meaning="net displacement along the starting heading over the episode; what a fall cuts off counts as standing",
)

BACKWARD_VELOCITY = Measure(
    "backward_velocity",
    "m/s",
    lambda outcome: -_forward_velocity(outcome),
    ("mean", "min"),
    meaning="net displacement against the starting heading over the episode",
)
