# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An input of one's own, the field that shows it and a task: the first joint is held as high as anyone asks for."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.features import Feature
from ros_rl.layout import Fields
from ros_rl.robot import Robot
from ros_rl.sensors.inputs import TaskInput
from ros_rl.tasks.task import Task
from ros_rl.types import Array, Tick


def read(message: Any, robot: Robot) -> Array:
    return np.array([message.point.z])


def show(message: Any, value: Array) -> None:
    message.point.z = float(value[0])


def observe(tick: Tick, robot: Robot) -> Array:
    return tick.inputs["height"]


POINT = "geometry_msgs/msg/PointStamped"
HEIGHT = TaskInput("m", (1,), "height", POINT, read, POINT, show)
HEIGHT_FIELD = Feature("m", 1.0, lambda robot: 1, observe, input="height")


@dataclass(frozen=True)
class HoldHeight(Task):
    """Be as high as is asked for."""

    name: ClassVar[str] = "hold_height"
    robot: ClassVar[str] = "mock"
    observation: ClassVar[tuple[str, ...]] = ("joint_position", "joint_velocity", "height")

    episode_seconds: float = setting(2.0, "time limit of an episode", unit="s", low=0.1)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        return -((after["joint_position"][..., 0] - after["height"][..., 0]) ** 2)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"height": rng.uniform(-0.5, 0.5, 1)}
