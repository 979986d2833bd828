# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an evaluation reports about a task, from the simulator's truth. A task lists its own in `Task.measures`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.types import Array, Outcome, Truth

_SUMMARIES: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": lambda values: float(np.mean(values)),
    "median": lambda values: float(np.median(values)),
    "min": lambda values: float(np.min(values)),
    "max": lambda values: float(np.max(values)),
}


@dataclass(frozen=True)
class Measure:
    """One number per evaluation episode, and how the episodes' numbers are summarised.

    Attributes:
        name: The results' keys are ``<name>_<summary>``.
        unit: SI unit.
        of: Computes it from an episode's outcome.
        summaries: Of ``mean``, ``median``, ``min`` and ``max``.
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


_REACHES: dict[str, Callable[[Truth], Array | None]] = {
    "goal_position": lambda truth: truth.tool_position,
    "goal_planar": lambda truth: truth.base_position[:2],
}
"""By the inputs' names, what is to be there, in the same frame."""


def distance_measure(
    goal: str,
    of: Callable[[Truth], Array | None] | None = None,
    name: str = "distance",
    unit: str = "m",
    summaries: tuple[str, ...] = ("median", "max"),
    meaning: str = "",
) -> Measure:
    """How far from a goal an episode ends.

    Args:
        goal: Name of the input.
        of: What is to be there, in the goal's frame and shape; None: what the goal is for.
        name: See `Measure`.
        unit: Of both.
        summaries: See `Measure`.
        meaning: See `Measure`.

    Raises:
        ConfigError: `of` is missing for a goal of another package.
    """
    if of is None and goal not in _REACHES:
        raise ConfigError(f"distance to '{goal}' needs an 'of'; known without: {', '.join(_REACHES)}")
    reaches = of or _REACHES[goal]

    def measure(outcome: Outcome) -> float:
        there, wanted = reaches(outcome.end), outcome.inputs.get(goal)
        return float("nan") if there is None or wanted is None else float(np.linalg.norm(there - wanted))

    return Measure(
        name, unit, measure, summaries, meaning=meaning or f"of what is to be there from {goal} at the episode's end"
    )


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

TOOL_DISTANCE = distance_measure("goal_position", meaning="of the tool from its goal at the episode's end")
