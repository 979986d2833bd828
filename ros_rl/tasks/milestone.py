# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""From when on a learner can do its task. A task says what that means in `Task.milestone`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Milestone:
    """A figure that evaluations in a row hold; it is reached at the first of the first such row.

    Attributes:
        name: What the robot does from then on, in a word, e.g. ``walks``.
        figure: Its name in the points of a curve (`ros_rl.runs.summary.curve`), e.g. ``forward_velocity``.
        least: Smallest value that counts, in the figure's unit.
        most: Largest value that counts, in the figure's unit.
        in_a_row: How many evaluations.
        to_the_end: Whether none of their episodes may be terminated.
        key: Further name of the robot minutes in ``summary.json``; empty: none.
    """

    name: str
    figure: str
    least: float = -math.inf
    most: float = math.inf
    in_a_row: int = 3
    to_the_end: bool = False
    key: str = ""

    def reached(self, points: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The point of a curve at which it is reached; None if at none."""
        good = [self._holds(point) for point in points]
        for index in range(len(good) - self.in_a_row + 1):
            if all(good[index : index + self.in_a_row]):
                return points[index]
        return None

    def _holds(self, point: Mapping[str, Any]) -> bool:
        value = point.get(self.figure, math.nan)
        return self.least <= value <= self.most and not (self.to_the_end and point["terminations"])

    def missed(self, values: Mapping[str, Any]) -> str:
        """By how much a point of a curve misses it, in words; empty if it does not, or tells no such figure."""
        value = values.get(self.figure)
        if value is None or self.least <= value <= self.most:
            return ""
        bound = f"at least {self.least:g}" if value < self.least else f"at most {self.most:g}"
        return f"{self.figure.replace('_', ' ')} {value:.2f}, {bound} asked for"

    def describe(self, points: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """What ``summary.json`` holds of it; None where no evaluation tells its figure."""
        if not any(self.figure in point for point in points):
            return None
        limits = {"least": self.least, "most": self.most}
        found = self.reached(points) or {}
        return {
            "name": self.name,
            "figure": self.figure,
            **{name: value for name, value in limits.items() if math.isfinite(value)},
            "in_a_row": self.in_a_row,
            "env_steps": found.get("env_steps"),
            "robot_minutes": found.get("robot_minutes"),
        }


SUCCEEDS = Milestone("succeeds", "success_rate", least=0.9)
"""Of tasks that say what success is (`Task.succeeded`) and no more."""
