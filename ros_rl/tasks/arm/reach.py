# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An arm that brings its tool to a goal: what every arm's task of this kind is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.features import Bounds
from ros_rl.layout import Fields
from ros_rl.robot import Robot
from ros_rl.tasks.arm.goals import check_goals
from ros_rl.tasks.goal_measures import TOOL_DISTANCE
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.task import Task
from ros_rl.tasks.terms import distance, near
from ros_rl.types import Array

_HEIGHTS = 9  # from the lowest goal to the highest one: near the base the ones in between may be out of reach alone


@dataclass(frozen=True)
class Reach(Task):
    """Bring the tool to a random goal and stay there.

    Dense reward: minus the distance, sharpened near the goal. Sparse, on request: 1 at the goal, 0 elsewhere.
    """

    scene: ClassVar[str] = "table"
    observation: ClassVar[tuple[str, ...]] = ("joint_position", "joint_velocity", "tool_position", "goal_position")
    measures: ClassVar[tuple[Measure, ...]] = (TOOL_DISTANCE,)
    not_planned: ClassVar[tuple[str, ...]] = (
        "episode_seconds",
        "goal_radius_min",
        "goal_radius_max",
        "goal_height_min",
        "goal_height_max",
        "goal_sector",
        "success_distance",
    )

    episode_seconds: float = setting(5.0, "time limit of an episode", unit="s", low=0.5)
    goal_radius_min: float = setting(0.25, "smallest distance of goals from the base axis", unit="m", low=0.1)
    goal_radius_max: float = setting(0.5, "largest distance of goals from the base axis", unit="m", high=0.7)
    goal_height_min: float = setting(0.1, "lowest goal", unit="m", low=0.05)
    goal_height_max: float = setting(0.45, "highest goal", unit="m", high=0.8)
    goal_sector: float = setting(1.2, "goals lie within +- this angle of straight ahead", unit="rad", low=0.0, high=3.1)
    precision: float = setting(0.05, "distance at which the sharp part of the reward falls to half", unit="m", low=1e-3)
    sparse_within: float = setting(
        0.0,
        "distance from the goal within which the reward is 1, and elsewhere 0; 0: the dense reward",
        unit="m",
        low=0.0,
    )
    action_change_weight: float = setting(0.05, "penalty on the mean squared change of the action", low=0.0)
    success_distance: float = setting(0.02, "distance from the goal at which it counts as reached", unit="m", low=1e-3)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        for what in ("goal_radius", "goal_height"):
            low, high = getattr(self, f"{what}_min"), getattr(self, f"{what}_max")
            if low > high:
                raise ConfigError(f"task.{what}_min {low} is above task.{what}_max {high}")

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """-distance [m] plus a bonus in (0, 1] that is sharp near the goal; or 1 near it, and 0 elsewhere."""
        away = _distance(after)
        change = ((action - last_action) ** 2).mean(-1)
        there = (away <= self.sparse_within) * 1.0 if self.sparse_within else near(away, self.precision) - away
        return there - self.action_change_weight * change

    def succeeded(self, after: Fields) -> Any:
        """The tool is at the goal."""
        return _distance(after) <= self.success_distance

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """The goal: a point [m] in the arm's base frame, uniform in a cylindrical sector in front of it."""
        angle = rng.uniform(-self.goal_sector, self.goal_sector)
        radius = np.sqrt(rng.uniform(self.goal_radius_min**2, self.goal_radius_max**2))
        height = rng.uniform(self.goal_height_min, self.goal_height_max)
        return {"goal_position": np.array([radius * np.cos(angle), radius * np.sin(angle), height])}

    def input_bounds(self) -> dict[str, Bounds]:
        """The box around all goals."""
        ends = self._ends()
        return {"goal_position": (ends.min(axis=0), ends.max(axis=0))}

    def check(self, robot: Robot) -> None:
        """Refuse a robot that cannot reach the goals; see `check_goals`."""
        names = ("goal_radius_min", "goal_radius_max", "goal_height_min", "goal_height_max", "goal_sector")
        check_goals(self._ends(), robot, {name: getattr(self, name) for name in names})

    def _ends(self) -> Array:
        """Goals at the ends of where they lie, and between lowest and highest ones [m], shape (ends, 3)."""
        aside = min(self.goal_sector, np.pi / 2)
        angles = np.array([-self.goal_sector, -aside, 0.0, aside, self.goal_sector])
        heights = np.linspace(self.goal_height_min, self.goal_height_max, _HEIGHTS)
        radius, angle, height = np.meshgrid([self.goal_radius_min, self.goal_radius_max], angles, heights)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=-1).reshape(-1, 3)

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Distance of the tool from the goal [m]."""
        return {"distance": float(_distance(observation))}


def _distance(fields: Fields) -> Any:
    return distance(fields["tool_position"], fields["goal_position"])


@dataclass(frozen=True)
class XarmReach(Reach):
    """`Reach`: an xArm6 brings its tool to a random goal and keeps it there."""

    name: ClassVar[str] = "xarm_reach"
    robot: ClassVar[str] = "xarm6"


@dataclass(frozen=True)
class Ur5Reach(Reach):
    """`Reach`: a UR5e brings its tool to a random goal and keeps it there."""

    name: ClassVar[str] = "ur5_reach"
    robot: ClassVar[str] = "ur5e"


@dataclass(frozen=True)
class So101Reach(Reach):
    """`Reach`: an SO-101 brings its tool to a random goal and keeps it there."""

    name: ClassVar[str] = "so101_reach"
    robot: ClassVar[str] = "so101"
