# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A base on wheels that drives to where it is asked for."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.tasks.goal_measures import distance_measure
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.task import Task
from ros_rl.tasks.terms import distance, near
from ros_rl.types import Array


@dataclass(frozen=True)
class HuskyGoal(Task):
    """Drive to a goal on the ground, forwards or backwards, and stay there."""

    name: ClassVar[str] = "husky_goal"
    robot: ClassVar[str] = "husky"
    scene: ClassVar[str] = "arena"
    observation: ClassVar[tuple[str, ...]] = (
        "base_position",
        "heading",
        "base_velocity",
        "angular_velocity",
        "goal_planar",
    )
    measures: ClassVar[tuple[Measure, ...]] = (distance_measure("goal_planar"),)
    symmetric: ClassVar[bool] = True
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "goal_radius_min", "goal_radius_max")

    episode_seconds: float = setting(10.0, "time limit of an episode", unit="s", low=1.0)
    goal_radius_min: float = setting(1.0, "smallest distance of goals from the start", unit="m", low=0.0)
    goal_radius_max: float = setting(3.0, "largest distance of goals from the start", unit="m", high=3.5)
    precision: float = setting(0.2, "distance at which the sharp part of the reward falls to half", unit="m", low=0.01)
    action_change_weight: float = setting(0.05, "penalty on the mean squared change of the action", low=0.0)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """Minus the distance [m], and a bonus in (0, 1] near the goal."""
        away = distance(after["base_position"], after["goal_planar"])
        change = ((action - last_action) ** 2).mean(-1)
        return near(away, self.precision) - 0.5 * away - self.action_change_weight * change

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """The goal in the odometry frame [m]: uniform in a ring around the start."""
        angle = rng.uniform(-np.pi, np.pi)
        radius = np.sqrt(rng.uniform(self.goal_radius_min**2, self.goal_radius_max**2))
        return {"goal_planar": radius * np.array([np.cos(angle), np.sin(angle)])}

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Distance of the base from the goal [m]."""
        return {"distance": float(distance(observation["base_position"], observation["goal_planar"]))}
