# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Sphero finds its way over the floor that a camera looks down on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.features import Bounds
from ros_rl.floor_plan import floor_plan
from ros_rl.layout import Fields
from ros_rl.robot import Robot
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.milestone import Milestone
from ros_rl.tasks.task import Task
from ros_rl.tasks.terms import distance
from ros_rl.types import Array, Outcome

_DRAWS = 1000  # of which one is a goal that can be reached, unless these are very few


def _mean_distance(outcome: Outcome) -> float:
    pairs = zip(outcome.truths, outcome.asked, strict=True)
    return float(np.mean([math.dist(truth.base_position[:2], asked["goal_planar"]) for truth, asked in pairs]))


DISTANCE = Measure(
    "distance",
    "m",
    _mean_distance,
    ("mean", "max"),
    meaning="from goal_planar, mean over the episode, the way there included",
)
HELD = Measure(
    "held_back",
    "1",
    lambda outcome: float(np.mean([truth.fallen_contacts > 0 for truth in outcome.truths])),
    ("mean",),
    meaning="share of the control periods in which it ran into something",
)


@dataclass(frozen=True)
class SpheroNavigate(Task):
    """Go to a random place and stay there, by the powers of two motors; which way it looks, nobody knows.

    The reward is that of DayDreamer (Wu et al. 2022): minus the distance from the goal, as a share of the arena. The
    heading is made out by the driver, from what the wheels were told and where the robot was seen to go.
    """

    name: ClassVar[str] = "sphero_navigate"
    robot: ClassVar[str] = "sphero"
    observation: ClassVar[tuple[str, ...]] = ("base_position", "heading_estimate", "goal_planar")
    measures: ClassVar[tuple[Measure, ...]] = (DISTANCE, HELD)
    milestone: ClassVar[Milestone] = Milestone("navigates", "distance", most=0.16)
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "success_distance", "scene", "clearance", "goal")
    symmetric: ClassVar[bool] = True

    scene: str = setting("arena", "walls and obstacles: a scene's name or YAML file")  # type: ignore[misc]
    episode_seconds: float = setting(50.0, "time limit of an episode", unit="s", low=0.5)
    arena: tuple[float, float] = setting(
        (1.6, 1.2),
        "width and depth in which goals lie; distances are shares of the width",
        unit="m",
        low=0.1,
        high=10.0,
    )
    goal: tuple[float, float] | None = setting(
        None, "where it is to go, in the arena, as published; not set: drawn for each episode", unit="m"
    )
    clearance: float = setting(0.08, "of goals from walls and obstacles", unit="m", low=0.0, high=1.0)
    success_distance: float = setting(
        0.1, "distance from the goal at which it counts as there, as a share of the width", low=1e-3
    )

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        if self.goal is not None and any(abs(at) > size / 2.0 for at, size in zip(self.goal, self.arena, strict=True)):
            raise ConfigError(f"task.goal {[*self.goal]} lies outside task.arena, {[*self.arena]} m around its middle")

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """Minus the distance, as a share of the arena's width."""
        return -self._far(after)

    def succeeded(self, after: Fields) -> Any:
        """It is at the goal."""
        return self._far(after) <= self.success_distance

    def check(self, robot: Robot) -> None:
        """Refuse a goal that no ball gets to, and a floor on which it gets nowhere."""
        self._reachable()

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """The goal: a point [m], uniform among those of the arena that the robot can reach, or the one that is set.

        Raises:
            ConfigError: There is none.
        """
        if self.goal is not None:
            return {"goal_planar": self._reachable()[0]}
        plan, half = floor_plan(self.scene, self.clearance), np.array(self.arena) / 2.0
        for _ in range(_DRAWS):
            goal = rng.uniform(-half, half)
            if plan.is_reachable(goal):
                return {"goal_planar": goal}
        return {"goal_planar": rng.choice(self._reachable())}

    def _reachable(self) -> Array:
        """Goals that the robot can reach [m], shape (goals, 2): the one that is set, or some all over the arena.

        Raises:
            ConfigError: There is none.
        """
        plan, half = floor_plan(self.scene, self.clearance), np.array(self.arena) / 2.0
        if self.goal is not None:
            if not plan.is_reachable(np.array(self.goal)):
                raise ConfigError(
                    f"task.goal {[*self.goal]} cannot be reached in scene '{self.scene}' with task.clearance "
                    f"{self.clearance:g} m from whatever stands around"
                )
            return np.array([self.goal])
        goals = plan.reachable(half)
        if not len(goals):
            raise ConfigError(
                f"no goal within {half[0]:g} m and {half[1]:g} m of the middle of scene '{self.scene}' can be reached "
                f"from there with task.clearance {self.clearance:g} m from whatever stands around"
            )
        return goals

    def input_bounds(self) -> dict[str, Bounds]:
        """The arena."""
        half = np.array(self.arena) / 2.0
        return {"goal_planar": (-half, half)}

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Distance from the goal, as a share of the arena's width."""
        return {"distance": float(self._far(observation))}

    def _far(self, fields: Fields) -> Any:
        return distance(fields["base_position"], fields["goal_planar"]) / self.arena[0]
