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
from ros_rl.tasks.task import Task


@dataclass(frozen=True)
class QuadrupedWalk(Task):
    """Walk along the heading at which the episode started, upright and straight.

    The reward's shape and weights follow the measured prototype: a clipped velocity term gated by uprightness, a
    bonus for being upright, and small penalties on lateral velocity, yaw and action change. A task of one robot names
    itself and the robot, and sets what is measured in its legs.
    """

    observation: ClassVar[tuple[str, ...]] = (
        "joint_position",
        "joint_velocity",
        "gravity",
        "angular_velocity",
        "base_velocity",
        "heading",
        "base_height",
    )
    measures: ClassVar[tuple[Measure, ...]] = (FORWARD_VELOCITY,)
    milestone: ClassVar[Milestone] = Milestone(
        "walks", "forward_velocity", least=0.5, to_the_end=True, key="first_robot_minute_at_0.5_mps"
    )

    symmetric: ClassVar[bool] = True
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "success_share")

    episode_seconds: float = setting(10.0, "time limit of an episode", unit="s", low=0.5)
    target_velocity: float = setting(0.8, "velocity at which the reward saturates", unit="m/s", low=0.05, high=3.0)
    upright_weight: float = setting(0.3, "bonus for being upright", low=0.0)
    lateral_weight: float = setting(0.1, "penalty on lateral velocity", low=0.0)
    yaw_rate_weight: float = setting(0.1, "penalty on the yaw rate", low=0.0)
    heading_weight: float = setting(0.3, "penalty on leaving the starting heading", low=0.0)
    action_change_weight: float = setting(0.02, "penalty on the mean squared change of the action", low=0.0)
    fall_uprightness: float = setting(0.8, "cosine of the tilt below which the episode ends", low=0.0, high=1.0)
    fall_height: float = setting(0.13, "trunk height below which the episode ends", unit="m", low=0.0)
    success_share: float = setting(
        0.5, "share of target_velocity from which on it counts as walking", low=0.01, high=1.0
    )

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """Velocity along the starting heading, gated by uprightness, less the penalties."""
        heading, target = after["heading"], self.target_velocity
        upright = -after["gravity"][..., 2]
        forward = self.velocity(after).clip(-target, target) / target * upright.clip(0.0, 1.0)
        change = ((action - last_action) ** 2).mean(-1)
        # |yaw| up to 1 rad by the sine; past a quarter turn the cosine says so
        turned = abs(heading[..., 0]).clip(0.0, 1.0) + (-heading[..., 1]).clip(0.0, 1.0)
        return (
            forward
            + self.upright_weight * upright
            - self.lateral_weight * abs(after["base_velocity"][..., 1]).clip(0.0, 1.0)
            - self.yaw_rate_weight * abs(after["angular_velocity"][..., 2]).clip(0.0, 3.0)
            - self.heading_weight * turned
            - self.action_change_weight * change
        )

    def velocity(self, fields: Fields) -> Any:
        """The velocity that is rewarded: along the starting heading [m/s]."""
        return fields["base_velocity"][..., 0]

    def terminated(self, after: Fields) -> Any:
        """A fall: the trunk tilted too far or too low."""
        return (-after["gravity"][..., 2] < self.fall_uprightness) | (after["base_height"][..., 0] < self.fall_height)

    def succeeded(self, after: Fields) -> Any:
        """It walks, in the right direction, and has not fallen."""
        return (self.velocity(after) >= self.success_share * self.target_velocity) & ~self.terminated(after)

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Forward velocity along the starting heading [m/s]."""
        return {"forward_velocity": float(self.velocity(observation))}
