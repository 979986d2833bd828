# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An arm with a gripper that moves things from one bin into the other, and back: the published task of DayDreamer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.features import Bounds
from ros_rl.features.gripper import gripper_rests, gripper_width
from ros_rl.layout import Fields
from ros_rl.robot import Robot
from ros_rl.sensors.inputs import GRASP
from ros_rl.tasks.arm.bins import OBJECTS_PER_MINUTE, STALLED, TWO_BINS
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.milestone import Milestone
from ros_rl.tasks.task import Task
from ros_rl.types import Array, Measurement

_HELD = 0.5  # of `grasped_from`, which models predict as a number


@dataclass(frozen=True)
class PickPlace(Task):
    """Grasp a thing, carry it into the other bin and let it go there; then the next one, in either direction.

    Rewards are those of DayDreamer (Wu et al. 2022): 1 for a grasp, -1 for letting go in the same bin, 10 in the other
    one. All is judged by what the robot measures: fingers that are told to close, have come to rest and are apart hold
    something, however late they act, and the tool's place says over which bin. From which bin it came is remembered in
    ``grasped_from``. Joints are not observed: the tool's place says it all where actions are moves of the tool, and
    without them what was learned over one bin holds over the other, by left-right mirror images.
    """

    scene: ClassVar[str] = "two_bins"
    observation: ClassVar[tuple[str, ...]] = ("tool_position", "gripper_width", "grasped_from", "nearest_offset")
    symmetric: ClassVar[bool] = True
    memory: ClassVar[tuple[str, ...]] = (GRASP,)
    measures: ClassVar[tuple[Measure, ...]] = (OBJECTS_PER_MINUTE, STALLED)
    milestone: ClassVar[Milestone] = Milestone("moves things", "objects_per_minute", least=2.5)
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "grip_gap", "slack_gap", "thinnest")

    episode_seconds: float = setting(60.0, "time limit of an episode", unit="s", low=0.5)
    grasp_reward: float = setting(1.0, "for a grasp")
    same_reward: float = setting(-1.0, "for letting go over the bin in which it was grasped")
    other_reward: float = setting(10.0, "for letting go over the other bin")
    grip_gap: float = setting(
        0.012,
        "fingers at rest begin to hold something when they are farther apart than they are told to be by this",
        unit="m",
        low=1e-3,
    )
    slack_gap: float = setting(0.003, "and have let go of it when they are so by less than this", unit="m", low=0.0)
    thinnest: float = setting(
        0.015, "what is thinner than this does not count as held, as a bin's wall", unit="m", low=0.0
    )

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        if self.slack_gap >= self.grip_gap:
            raise ConfigError(f"task.slack_gap {self.slack_gap:g} is not below task.grip_gap {self.grip_gap:g}")

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """For a grasp, and for letting go over the same or over the other bin."""
        had, has = before["grasped_from"][..., 0], after["grasped_from"][..., 0]
        over = TWO_BINS.side(after["tool_position"])
        holding, held = abs(has) > _HELD, abs(had) > _HELD
        same = (over * had > _HELD) * self.same_reward
        other = (over * had < -_HELD) * self.other_reward
        return (holding & ~held) * self.grasp_reward + (held & ~holding) * (same + other)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """Nothing is held."""
        return {GRASP: np.zeros(1)}

    def input_bounds(self) -> dict[str, Bounds]:
        """From the right bin, -1, to the left one, 1."""
        return {GRASP: (-np.ones(1), np.ones(1))}

    def remember(
        self, inputs: Mapping[str, Array], measurement: Measurement, command: Array, robot: Robot
    ) -> dict[str, Array]:
        """The bin over which the tool was when the gripper began to hold something, as long as it does."""
        width, before = gripper_width(measurement["joint_position"], robot), inputs[GRASP]
        gap = width - gripper_width(command, robot)
        if before[0]:
            return {GRASP: before if width >= self.thinnest and gap >= self.slack_gap else np.zeros(1)}
        at_rest = gripper_rests(measurement["joint_velocity"], robot)
        holds = width >= self.thinnest and gap >= self.grip_gap and at_rest
        return {GRASP: np.array([TWO_BINS.side(measurement["tool_position"]) if holds else 0.0])}

    def score(self, evaluation: Mapping[str, Any]) -> float:
        """Things that were really moved, per minute."""
        return float(evaluation.get("objects_per_minute_mean", np.nan))

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Whether it holds something."""
        return {"holds": float(abs(observation["grasped_from"][0]) > _HELD)}


@dataclass(frozen=True)
class Ur5PickPlace(PickPlace):
    """`PickPlace`: a UR5e with a gripper carries three things from bin to bin."""

    name: ClassVar[str] = "ur5_pick_place"
    robot: ClassVar[str] = "ur5e_gripper"
    objects: ClassVar[tuple[str, ...]] = ("cube", "brick", "can")


@dataclass(frozen=True)
class XarmPickPlace(PickPlace):
    """`PickPlace`: an xArm6 with a gripper carries one soft thing from bin to bin."""

    name: ClassVar[str] = "xarm_pick_place"
    robot: ClassVar[str] = "xarm6_gripper"
    objects: ClassVar[tuple[str, ...]] = ("sponge",)
    milestone: ClassVar[Milestone] = Milestone("moves things", "objects_per_minute", least=3.0)
    not_planned: ClassVar[tuple[str, ...]] = (*PickPlace.not_planned, "scene")

    scene: str = setting(  # type: ignore[misc]
        "two_bins_soft", "bins and a sponge, by a scene's name or YAML file; two_bins_hung: a string keeps it by them"
    )
