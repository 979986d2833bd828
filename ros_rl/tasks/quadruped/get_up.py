# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Quadrupeds that get up, however they fell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.robot import Robot
from ros_rl.robot.lying import may_lie
from ros_rl.tasks.task import Task
from ros_rl.types import Start


@dataclass(frozen=True)
class QuadrupedGetUp(Task):
    """Roll over, stand up and stay there, from any fallen pose; nothing ends an episode but its time.

    Reward: uprightness, from 0 on the back to 1; gated by it, height over the feet; gated by both, nearness to the home
    pose. So lying prone earns a third, standing on bent legs more, standing in the home pose most, and each step leads
    on to the next. Small penalties on changes of the action and, near standing, on joint velocities.
    """

    observation: ClassVar[tuple[str, ...]] = (
        "joint_position",
        "joint_velocity",
        "gravity",
        "angular_velocity",
        "height_over_feet",
    )
    start: ClassVar[Start] = Start.FALLEN
    symmetric: ClassVar[bool] = True
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "reach", "least_uprightness", "least_height")

    episode_seconds: float = setting(4.0, "time limit of an episode", unit="s", low=0.5)
    reach: float = setting(
        0.95,
        "share of the way from home to the nearer end of each joint's range that an action reaches",
        low=0.05,
        high=1.0,
    )
    standing_height: float = setting(0.26, "height over the feet from which it stands", unit="m", low=0.05)
    upright_weight: float = setting(1.0, "of being upright", low=0.0)
    height_weight: float = setting(1.0, "of height over the feet, where it is upright", low=0.0)
    pose_weight: float = setting(1.0, "of nearness to the home pose, where it is upright and high", low=0.0)
    pose_scale: float = setting(
        0.5, "distance from the home pose, root mean square, at which that has fallen to half", unit="rad", low=0.01
    )
    action_change_weight: float = setting(0.02, "penalty on the mean squared change of the action", low=0.0)
    velocity_weight: float = setting(
        0.002, "penalty on the mean squared joint velocity, where it stands", unit="s^2/rad^2", low=0.0
    )
    least_uprightness: float = setting(0.9, "cosine of the tilt from which on it counts as standing", low=0.0, high=1.0)
    least_height: float = setting(
        0.75, "share of standing_height from which on it counts as standing", low=0.1, high=1.0
    )

    def fitted(self, robot: Robot) -> Robot:
        """See `may_lie`."""
        return may_lie(robot, self.reach)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """See the class."""
        change = ((action - last_action) ** 2).mean(-1)
        velocity = (after["joint_velocity"] ** 2).mean(-1)
        penalty = self.action_change_weight * change + self.velocity_weight * self._standing(after) * velocity
        return self._risen(after) - penalty

    def _risen(self, after: Fields) -> Any:
        """What it is paid for: being upright, then high, then in the home pose."""
        standing = self._standing(after)
        pose = self.pose_weight * standing * self._near(after)
        return self.upright_weight * self._upright(after) + self.height_weight * standing + pose

    def _upright(self, after: Fields) -> Any:
        """From 0 upside down to 1 upright."""
        return (0.5 - 0.5 * after["gravity"][..., 2]).clip(0.0, 1.0)

    def _standing(self, after: Fields) -> Any:
        """From 0 to 1, as it is upright and high over its feet."""
        height = (after["height_over_feet"][..., 0] / self.standing_height).clip(0.0, 1.0)
        return self._upright(after) ** 2 * height

    def _near(self, after: Fields) -> Any:
        """From 0 to 1, as the joints are near the home pose."""
        return self._nearness((after["joint_position"] ** 2).mean(-1))

    def _nearness(self, squared: Any) -> Any:
        """From 0 to 1, of a mean squared distance from home [rad^2]."""
        return 1.0 / (1.0 + squared / self.pose_scale**2)

    def succeeded(self, after: Fields) -> Any:
        """It stands."""
        high = after["height_over_feet"][..., 0] >= self.least_height * self.standing_height
        return (-after["gravity"][..., 2] >= self.least_uprightness) & high

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Cosine of the tilt, and height over the feet [m]."""
        return {
            "uprightness": float(-observation["gravity"][..., 2]),
            "height": float(observation["height_over_feet"][..., 0]),
        }


@dataclass(frozen=True)
class A1GetUp(QuadrupedGetUp):
    """`QuadrupedGetUp` with a Unitree A1."""

    name: ClassVar[str] = "a1_get_up"
    robot: ClassVar[str] = "a1"


@dataclass(frozen=True)
class Go2GetUp(QuadrupedGetUp):
    """`QuadrupedGetUp` with a Unitree Go2, whose legs are some 6 % longer than those of an A1."""

    name: ClassVar[str] = "go2_get_up"
    robot: ClassVar[str] = "go2"

    standing_height: float = setting(0.28, "height over the feet from which it stands", unit="m", low=0.05)
