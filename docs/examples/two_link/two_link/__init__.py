# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An arm of two links that learns to bring its tip to a goal."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.tasks.goal_measures import TOOL_DISTANCE
from ros_rl.tasks.task import Task
from ros_rl.tasks.terms import distance, near

ROBOT = Path(__file__).with_name("two_link.yaml")


@dataclass(frozen=True)
class TwoLinkReach(Task):
    """Bring the tip to a goal and stay there."""

    name = "two_link_reach"
    robot = "two_link"
    observation = ("joint_position", "joint_velocity", "tool_position", "goal_position")
    measures = (TOOL_DISTANCE,)

    episode_seconds: float = 4.0

    def reward(self, before: Any, last_action: Any, action: Any, after: Any) -> Any:
        """Minus the distance [m], and a bonus in (0, 1] near the goal."""
        away = distance(after["tool_position"], after["goal_position"])
        return near(away, 0.03) - away - 0.05 * ((action - last_action) ** 2).mean(-1)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """A goal [m] in the plane of the arm, 0.2 to 0.45 m away."""
        angle, radius = rng.uniform(-1.5, 1.5), rng.uniform(0.2, 0.45)
        return {"goal_position": np.array([radius * np.cos(angle), radius * np.sin(angle), 0.0])}
