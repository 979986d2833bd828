# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A base that moves: waypoints and a heading in the odometry frame, seen from where the episode began."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.layout import Fields
from ros_rl.tasks.goal_measures import HEADING_ERROR, waypoints_measure
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.quadruped.walk import A1Walk
from ros_rl.tasks.terms import distance, in_base
from ros_rl.tasks.times import periods
from ros_rl.types import Array


@dataclass(frozen=True)
class Patrol(A1Walk):
    """Walk to the first waypoint, then to the second, and so on; face the last way."""

    name: ClassVar[str] = "patrol"
    observation: ClassVar[tuple[str, ...]] = (
        *A1Walk.observation,
        "base_position",
        "contact",
        "waypoints",
        "goal_heading",
    )
    measures: ClassVar[tuple[Measure, ...]] = (waypoints_measure(within=0.3), HEADING_ERROR)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """The way towards the next waypoint, to its side less; upright, as in walking."""
        upright = -after["gravity"][..., 2]
        point = after["waypoints"][..., :2]
        nearer = distance(before["base_position"], point) - distance(after["base_position"], point)
        _, left = in_base(point, after["base_position"], after["heading"])
        return 5.0 * nearer * upright.clip(0.0, 1.0) + self.upright_weight * upright - 0.1 * abs(left).clip(0.0, 1.0)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """A way of four points, one ahead of the other, in the odometry frame: that is where robots learn, too."""
        x = np.cumsum(rng.uniform(0.5, 1.0, 4))
        points = np.stack([x, rng.uniform(-0.5, 0.5, 4)], axis=1)
        dx, dy = points[3] - points[2]
        return {"waypoints": points.reshape(-1), "goal_heading": np.array([np.arctan2(dy, dx)])}

    def change_inputs(
        self, inputs: dict[str, Array], step: int, period: float, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Every four seconds the first point is dropped, and the last repeated."""
        if step % periods(4.0, period):
            return inputs
        points = inputs["waypoints"]
        return {**inputs, "waypoints": np.concatenate([points[2:], points[-2:]])}
