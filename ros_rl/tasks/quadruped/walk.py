# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A quadruped that walks straight ahead, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.tasks.measures import FORWARD_VELOCITY, Measure
from ros_rl.tasks.milestone import Milestone
from ros_rl.tasks.quadruped.gait import QuadrupedGait


@dataclass(frozen=True)
class QuadrupedWalk(QuadrupedGait):
    """Walk along the heading at which the episode started, upright and straight.

    Reward: the velocity up to the target, gated by uprightness, and a bonus for being upright, less penalties on more
    than the target, on lateral velocity, yaw and turning, and what the gait costs (`QuadrupedGait`). A task of one
    robot names itself and the robot, and sets what is measured in its legs.
    """

    observation: ClassVar[tuple[str, ...]] = (
        "joint_position",
        "joint_velocity",
        "gravity",
        "angular_velocity",
        "base_velocity",
        "heading",
        "height_over_feet",
        "feet_lift",
        "gait_phase",
    )
    measures: ClassVar[tuple[Measure, ...]] = (FORWARD_VELOCITY,)
    milestone: ClassVar[Milestone] = Milestone(
        "walks", "forward_velocity", least=0.5, to_the_end=True, key="first_robot_minute_at_0.5_mps"
    )

    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "success_share")

    episode_seconds: float = setting(10.0, "time limit of an episode", unit="s", low=0.5)
    target_velocity: float = setting(0.8, "velocity at which the reward saturates", unit="m/s", low=0.05, high=3.0)
    lateral_weight: float = setting(0.1, "penalty on lateral velocity", low=0.0)
    yaw_rate_weight: float = setting(0.1, "penalty on the yaw rate", low=0.0)
    heading_weight: float = setting(0.3, "penalty on leaving the starting heading", low=0.0)
    overspeed_weight: float = setting(1.0, "penalty on what is faster than the target, as a share of it", low=0.0)
    success_share: float = setting(
        0.5, "share of target_velocity from which on it counts as walking", low=0.01, high=1.0
    )

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """See the class."""
        heading, target = after["heading"], self.target_velocity
        upright, velocity = -after["gravity"][..., 2], self.velocity(after)
        forward = velocity.clip(-target, target) / target * upright.clip(0.0, 1.0)
        # |yaw| up to 1 rad by the sine; past a quarter turn the cosine says so
        turned = abs(heading[..., 0]).clip(0.0, 1.0) + (-heading[..., 1]).clip(0.0, 1.0)
        return (
            forward
            + self.upright_weight * upright
            - self.overspeed_weight * (velocity - target).clip(0.0, target) / target
            - self.lateral_weight * abs(after["base_velocity"][..., 1]).clip(0.0, 1.0)
            - self.yaw_rate_weight * abs(after["angular_velocity"][..., 2]).clip(0.0, 3.0)
            - self.heading_weight * turned
            - self.gait_cost(last_action, action, after, after["base_velocity"][..., 2])
        )

    def velocity(self, fields: Fields) -> Any:
        """The velocity that is rewarded: along the starting heading [m/s]."""
        return fields["base_velocity"][..., 0]

    def succeeded(self, after: Fields) -> Any:
        """It walks, in the right direction, and has not fallen."""
        return (self.velocity(after) >= self.success_share * self.target_velocity) & ~self.terminated(after)

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Forward velocity along the starting heading [m/s]."""
        return {"forward_velocity": float(self.velocity(observation))}


@dataclass(frozen=True)
class A1Walk(QuadrupedWalk):
    """`QuadrupedWalk` with a Unitree A1."""

    name: ClassVar[str] = "a1_walk"
    robot: ClassVar[str] = "a1"


@dataclass(frozen=True)
class Go2Walk(QuadrupedWalk):
    """`QuadrupedWalk` with a Unitree Go2, whose legs are some 6 % longer than those of an A1."""

    name: ClassVar[str] = "go2_walk"
    robot: ClassVar[str] = "go2"

    fall_height: float = setting(0.14, "height over the feet below which the episode ends", unit="m", low=0.0)
