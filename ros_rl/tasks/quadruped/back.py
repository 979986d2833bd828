# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A quadruped that walks straight back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.tasks.measures import BACKWARD_VELOCITY, Measure
from ros_rl.tasks.milestone import Milestone
from ros_rl.tasks.quadruped.walk import A1Walk


@dataclass(frozen=True)
class A1Back(A1Walk):
    """Walk backwards, upright and straight: `A1Walk` with the velocity's sign turned, so that it may share a model."""

    name: ClassVar[str] = "a1_back"
    measures: ClassVar[tuple[Measure, ...]] = (BACKWARD_VELOCITY,)
    milestone: ClassVar[Milestone] = Milestone("walks back", "backward_velocity", least=0.3, to_the_end=True)

    target_velocity: float = setting(
        0.4, "velocity backwards at which the reward saturates", unit="m/s", low=0.05, high=3.0
    )

    def velocity(self, fields: Fields) -> Any:
        """Velocity against the starting heading [m/s]."""
        return -super().velocity(fields)

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Velocity against the starting heading [m/s]."""
        return {"backward_velocity": float(self.velocity(observation))}
