# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An object: an arm pushes a cube over the table to where it is asked for."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.tasks.goal_measures import distance_measure, object_position
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.task import Task
from ros_rl.tasks.terms import distance
from ros_rl.types import Array

HALF = 0.04  # m, of the cube's edge; its goals lie on the table


@dataclass(frozen=True)
class PushCube(Task):
    """Bring the cube to its goal by touching it."""

    name: ClassVar[str] = "push_cube"
    robot: ClassVar[str] = "xarm6"
    scene: ClassVar[str] = "table_cube"
    objects: ClassVar[tuple[str, ...]] = ("cube",)
    observation: ClassVar[tuple[str, ...]] = (
        "joint_position",
        "joint_velocity",
        "tool_position",
        "object_position",
        "object_velocity",
        "contact",
        "goal_position",
    )
    measures: ClassVar[tuple[Measure, ...]] = (distance_measure("goal_position", of=object_position("cube")),)
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds",)

    episode_seconds: float = setting(8.0, "time limit of an episode", unit="s", low=0.5)
    touch_weight: float = setting(0.5, "what the way from the tool to the cube costs", low=0.0)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """Minus the cube's distance from its goal, and less of the tool's from the cube; a little for touching it."""
        cube = after["object_position"]
        away = distance(cube, after["goal_position"])
        apart = distance(after["tool_position"], cube)
        change = ((action - last_action) ** 2).mean(-1)
        return 0.05 * after["contact"][..., 0] - 3.0 * away - self.touch_weight * apart - 0.05 * change

    def terminated(self, after: Fields) -> Any:
        """The cube fell off the table."""
        return after["object_position"][..., 2] < -0.1

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """The cube's goal in the arm's base frame: on the table, so always at the same height."""
        x, y = rng.uniform((0.45, -0.15), (0.6, 0.15))
        return {"goal_position": np.array([x, y, HALF])}

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Distance of the cube from its goal [m]."""
        return {"distance": float(distance(observation["object_position"], observation["goal_position"]))}
