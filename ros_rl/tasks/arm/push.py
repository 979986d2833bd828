# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An arm that pushes a thing over the table to a goal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.features import Bounds
from ros_rl.layout import Fields
from ros_rl.robot import Robot
from ros_rl.tasks.arm.goals import check_goals
from ros_rl.tasks.goal_measures import distance_measure, object_position
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.task import Task
from ros_rl.tasks.terms import distance, near
from ros_rl.types import Array

_AT_GOAL = 0.02  # m; within it the side on which to push fades away


@dataclass(frozen=True)
class Push(Task):
    """Push a cube to a random goal farther out on the table. The arm begins with its tool low, behind the cube.

    Dense reward: minus the cube's distance from the goal, sharpened near it, and the tool's from where it pushes: the
    side of the cube that is away from the goal. Without that an arm that has pushed past the goal does not go around.
    """

    scene: ClassVar[str] = "table_push"
    objects: ClassVar[tuple[str, ...]] = ("cube",)
    place: ClassVar[tuple[float, float]] = (0.50, 0.04)
    """Where the thing lies in the scene on average: x and height of its middle, which is half its size [m]."""
    low_home: ClassVar[tuple[float, ...]]
    """Joint positions with the tool low in front of the base [rad]."""
    observation: ClassVar[tuple[str, ...]] = (
        "joint_position",
        "joint_velocity",
        "tool_position",
        "object_position",
        "goal_position",
    )
    measures: ClassVar[tuple[Measure, ...]] = (
        distance_measure(
            "goal_position",
            object_position("cube"),
            meaning="of the cube's middle from its goal at the episode's end",
        ),
    )
    not_planned: ClassVar[tuple[str, ...]] = (
        "episode_seconds",
        "goal_near",
        "goal_far",
        "goal_sector",
        "success_distance",
    )

    episode_seconds: float = setting(6.0, "time limit of an episode", unit="s", low=0.5)
    goal_near: float = setting(
        0.06, "smallest distance of goals from where the cube lies on average", unit="m", low=0.0
    )
    goal_far: float = setting(0.18, "largest such distance", unit="m", high=0.2)
    goal_sector: float = setting(0.8, "goals lie within +- this angle of straight ahead", unit="rad", low=0.0, high=1.5)
    precision: float = setting(0.05, "distance at which the sharp part of the reward falls to half", unit="m", low=1e-3)
    distance_weight: float = setting(2.0, "cost of each metre of the cube from its goal", low=0.0)
    tool_weight: float = setting(1.0, "cost of each metre of the tool from where it pushes the cube", low=0.0)
    action_change_weight: float = setting(0.05, "penalty on the mean squared change of the action", low=0.0)
    success_distance: float = setting(0.03, "distance from the goal at which it counts as reached", unit="m", low=1e-3)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        if self.goal_near > self.goal_far:
            raise ConfigError(f"task.goal_near {self.goal_near} is above task.goal_far {self.goal_far}")

    def fitted(self, robot: Robot) -> Robot:
        """The arm that begins with its tool low; another arm begins where its own home pose is."""
        same = robot.size == len(self.low_home) and robot.name == self.robot
        return replace(robot, home=np.array(self.low_home)) if same else robot

    def check(self, robot: Robot) -> None:
        """Refuse a robot that cannot reach the cube's near side at its goals; see `check_goals`."""
        low, high = self.input_bounds()["goal_position"]
        x, z = self.place
        goals = np.array([[high[0], 0.0, z], [x, low[1], z], [x, high[1], z]])
        check_goals(goals, robot, {"goal_near": self.goal_near, "goal_far": self.goal_far}, near=z)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """See the class."""
        away, change = _away(after), ((action - last_action) ** 2).mean(-1)
        behind = distance(after["tool_position"], self._push_point(after))
        cost = self.distance_weight * away + self.tool_weight * behind + self.action_change_weight * change
        return near(away, self.precision) - cost

    def _push_point(self, fields: Fields) -> Any:
        """Where the tool pushes the cube towards its goal [m], (..., 3); at the goal it is the cube's middle."""
        thing, way = fields["object_position"], fields["goal_position"] - fields["object_position"]
        smoothed = ((way**2).sum(-1) + _AT_GOAL**2) ** 0.5
        return thing - 2 * self.place[1] * way / smoothed[..., None]

    def succeeded(self, after: Fields) -> Any:
        """The cube is at its goal."""
        return _away(after) <= self.success_distance

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """The goal of the cube's middle [m], in the arm's base frame, uniform in a sector beyond where it lies."""
        angle = rng.uniform(-self.goal_sector, self.goal_sector)
        radius = np.sqrt(rng.uniform(self.goal_near**2, self.goal_far**2))
        x, z = self.place
        return {"goal_position": np.array([x + radius * np.cos(angle), radius * np.sin(angle), z])}

    def input_bounds(self) -> dict[str, Bounds]:
        """The box around all goals."""
        x, z, far = *self.place, self.goal_far
        return {"goal_position": (np.array([x, -far, z]), np.array([x + far, far, z]))}

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Distance of the cube from its goal [m]."""
        return {"distance": float(_away(observation))}


def _away(fields: Fields) -> Any:
    return distance(fields["object_position"], fields["goal_position"])


@dataclass(frozen=True)
class Ur5Push(Push):
    """`Push`: a UR5e pushes a cube over the table to its goal."""

    name: ClassVar[str] = "ur5_push"
    robot: ClassVar[str] = "ur5e"
    low_home: ClassVar[tuple[float, ...]] = (-0.379, -1.093, 2.563, -3.04, -1.571, -0.379)


@dataclass(frozen=True)
class XarmPush(Push):
    """`Push`: an xArm6 pushes a cube over the table to its goal."""

    name: ClassVar[str] = "xarm_push"
    robot: ClassVar[str] = "xarm6"
    low_home: ClassVar[tuple[float, ...]] = (0.0, 0.53, -0.579, 0.0, 0.048, 0.0)


@dataclass(frozen=True)
class So101Push(Push):
    """`Push`: an SO-101 pushes a smaller cube over the table to its goal, by positions of its joints."""

    name: ClassVar[str] = "so101_push"
    robot: ClassVar[str] = "so101"
    scene: ClassVar[str] = "table_push_small"
    place: ClassVar[tuple[float, float]] = (0.20, 0.025)
    low_home: ClassVar[tuple[float, ...]] = (0.0, -0.845, 1.054, 1.291, 0.0, 0.0)
