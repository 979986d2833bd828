# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A task of one's own that is asked for something while it runs: two axes follow the velocity on ``cmd_vel``."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.tasks.task import Task
from ros_rl.tasks.times import periods


@dataclass(frozen=True)
class FollowCommand(Task):
    """Move the first axis as fast as is asked for forwards, the second as sideways."""

    name: ClassVar[str] = "follow_command"
    robot: ClassVar[str] = "mock"
    observation: ClassVar[tuple[str, ...]] = ("joint_position", "joint_velocity", "velocity_command")

    episode_seconds: float = setting(5.0, "time limit of an episode", unit="s", low=0.1)
    hold_seconds: float = setting(1.25, "time after which the simulation asks for something else", unit="s", low=0.01)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        return -((after["joint_velocity"] - after["velocity_command"][..., :2]) ** 2).sum(-1)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"velocity_command": np.append(rng.uniform(-1.0, 1.0, 2), 0.0)}

    def change_inputs(
        self, inputs: dict[str, Any], step: int, period: float, rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        return inputs if step % periods(self.hold_seconds, period) else self.draw_inputs(rng)
