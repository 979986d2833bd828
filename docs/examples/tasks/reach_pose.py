# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Two goals at once: an arm brings its tool to a position and turns it as is asked for."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.rotations import from_rotation_vector, multiply
from ros_rl.tasks.goal_measures import TOOL_ANGLE, TOOL_DISTANCE
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.task import Task
from ros_rl.tasks.terms import distance, near, turn
from ros_rl.types import Array

DOWN = np.array([1.0, 0.0, 0.0, 0.0])
"""The tool points down, its x axis forward; quaternion xyzw."""


@dataclass(frozen=True)
class ReachPose(Task):
    """Bring the tool to a pose in front of the arm and stay there."""

    name: ClassVar[str] = "reach_pose"
    robot: ClassVar[str] = "xarm6"
    scene: ClassVar[str] = "table"
    observation: ClassVar[tuple[str, ...]] = (
        "joint_position",
        "joint_velocity",
        "tool_position",
        "tool_orientation",
        "goal_position",
        "goal_orientation",
    )
    measures: ClassVar[tuple[Measure, ...]] = (TOOL_DISTANCE, TOOL_ANGLE)
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "tilt", "spin")

    episode_seconds: float = setting(5.0, "time limit of an episode", unit="s", low=0.5)
    tilt: float = setting(0.3, "goals lean by up to this from straight down", unit="rad", low=0.0, high=1.0)
    spin: float = setting(0.6, "goals are turned by up to +- this about the vertical", unit="rad", low=0.0, high=3.1)
    turn_weight: float = setting(1.0, "what the turn counts as against the distance", low=0.0)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """Minus distance and turn, each with a bonus that is sharp near the goal."""
        away = distance(after["tool_position"], after["goal_position"])
        turned = turn(after["tool_orientation"], after["goal_orientation"])
        change = ((action - last_action) ** 2).mean(-1)
        there, right = near(away, 0.05) - away, near(turned, 0.2) - turned
        return 2.0 * there + self.turn_weight * right - 0.05 * change

    def succeeded(self, after: Fields) -> Any:
        """The tool is where it is to be, and turned as it is to be."""
        away = distance(after["tool_position"], after["goal_position"])
        return (away < 0.03) & (turn(after["tool_orientation"], after["goal_orientation"]) < 0.15)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """Both goals, in the arm's base frame."""
        x, y, z = rng.uniform((0.3, -0.2, 0.15), (0.45, 0.2, 0.35))
        axis = rng.normal(size=2)
        lean = from_rotation_vector(np.append(rng.uniform(0.0, self.tilt) * axis / np.linalg.norm(axis), 0.0))
        spin = from_rotation_vector(np.array([0.0, 0.0, np.arctan2(y, x) + rng.uniform(-self.spin, self.spin)]))
        return {"goal_position": np.array([x, y, z]), "goal_orientation": multiply(lean, multiply(spin, DOWN))}

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Distance [m] and turn [rad] from the goal."""
        away = distance(observation["tool_position"], observation["goal_position"])
        return {
            "distance": float(away),
            "turn": float(turn(observation["tool_orientation"], observation["goal_orientation"])),
        }
