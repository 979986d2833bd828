# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A goal of one's own: two numbers that no standard message says, in a line for the input and one for its field."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.features import input_feature
from ros_rl.layout import Fields
from ros_rl.sensors.inputs import vector_input
from ros_rl.tasks.goal_measures import distance_measure
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.task import Task
from ros_rl.tasks.terms import distance
from ros_rl.types import Array

GRIP = vector_input("grip", "rad", 2, meaning="how far both fingers are to be closed")
GRIP_FIELD = input_feature("grip", GRIP)


@dataclass(frozen=True)
class CloseGrip(Task):
    """Two axes, as of a gripper's fingers, go where they are asked to be."""

    name: ClassVar[str] = "close_grip"
    robot: ClassVar[str] = "mock"
    observation: ClassVar[tuple[str, ...]] = ("joint_position", "joint_velocity", "grip")
    measures: ClassVar[tuple[Measure, ...]] = (
        distance_measure("grip", of=lambda truth: truth.joint_position, unit="rad"),
    )

    episode_seconds: float = setting(3.0, "time limit of an episode", unit="s", low=0.1)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """Minus the squared distance."""
        return -((after["joint_position"] - after["grip"]) ** 2).sum(-1)

    def succeeded(self, after: Fields) -> Any:
        """Within 0.05 rad."""
        return distance(after["joint_position"], after["grip"]) < 0.05

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """Both alike, as it is seldom asked otherwise."""
        return {"grip": np.full(2, rng.uniform(-1.0, 1.0))}
