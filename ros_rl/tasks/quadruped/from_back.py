# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The task of DayDreamer's A1: on its back, never reset, it is to roll over, to stand up and to walk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.milestone import Milestone
from ros_rl.tasks.quadruped.get_up import QuadrupedGetUp
from ros_rl.types import Outcome, Start, Truth

_POSE = np.array([0.0, 0.869, -1.628])  # rad: hip, thigh and calf, of the published reward
_WORST = np.array([0.787, 2.796, 1.051])  # rad, from it: where its motors' ranges end
_GATE = 0.7
_LEGS = 4
_SPEED = 0.3  # m/s, at which its velocity term saturates


def published_reward(truth: Truth) -> float:
    """The reward of Wu et al. 2022 (DayDreamer), by the simulator's truth: 5 to 6 lying, 9 standing, 14 walking.

    Uprightness, then nearness of hips, thighs and calves to a standing pose, each counted only where the one before is
    above 0.7, and ten times the forward velocity, from -0.3 to 0.3 m/s as 0 to 1, by the share of it that is forward.
    Poses and ranges are those of its `robots/a1.py` in radians; the velocity's vertical part is left out here.
    """
    far = np.abs(truth.joint_position.reshape(4, 3) - _POSE) / _WORST
    near = 1.0 - np.clip(far, 0.0, 1.0).mean(axis=0)
    total = before = 0.5 + 0.5 * quaternion_to_matrix(truth.base_orientation)[2, 2]
    for part in near:
        before = float(part) if before > _GATE else 0.0
        total += before
    forward, left, _ = truth.base_velocity
    share = max(0.0, forward) / max(float(np.hypot(forward, left)), 1e-9)
    velocity = share * float(np.clip(forward / _SPEED, -1.0, 1.0)) if before > _GATE else 0.0
    return float(total + 5.0 * (velocity + 1.0))


def _second_half(outcome: Outcome) -> Sequence[Truth]:
    return outcome.truths[len(outcome.truths) // 2 :]


PUBLISHED_REWARD = Measure(
    "published_reward",
    "1",
    lambda outcome: float(np.mean([published_reward(truth) for truth in outcome.truths])),
    ("mean", "min"),
    meaning="mean over the episode of DayDreamer's reward, of which 9 is standing and 14 the most",
)
WALKING_VELOCITY = Measure(
    "walking_velocity",
    "m/s",
    lambda outcome: float(np.mean([truth.base_velocity[0] for truth in _second_half(outcome)])),
    ("mean", "min"),
    meaning="forward, along the body, mean over the second half of the episode",
)


@dataclass(frozen=True)
class A1FromBack(QuadrupedGetUp):
    """`QuadrupedGetUp` with an A1 that begins on its back and walks once it stands; made for `driver.resets: never`.

    Reward: that of getting up, and, as far as it stands level and each leg is near the home pose, nearness of the
    forward velocity to its target: 1 there, 0 at rest and at twice as much. Where the pose did not count it crawled on
    one stretched leg, where its mean over all legs did, it knelt and paddled with the other two, where being level did
    not, it reared and threw itself forward, and where haste cost nothing, it leapt. Penalties, on turning, tipping,
    changes of the action and joint velocities, count only as far as it stands: who is on its back has to try.
    """

    name: ClassVar[str] = "a1_from_back"
    robot: ClassVar[str] = "a1"
    observation: ClassVar[tuple[str, ...]] = (*QuadrupedGetUp.observation, "body_velocity")
    start: ClassVar[Start] = Start.BACK
    measures: ClassVar[tuple[Measure, ...]] = (WALKING_VELOCITY, PUBLISHED_REWARD)
    milestone: ClassVar[Milestone] = Milestone("walks from its back", "walking_velocity", least=0.3)
    not_planned: ClassVar[tuple[str, ...]] = (*QuadrupedGetUp.not_planned, "success_share")

    episode_seconds: float = setting(10.0, "time limit of an episode", unit="s", low=0.5)
    pose_weight: float = setting(1.0, "of nearness to the home pose, where it is upright and high", low=0.0)
    target_velocity: float = setting(0.5, "forward velocity that is paid the most", unit="m/s", low=0.05, high=3.0)
    walk_weight: float = setting(3.0, "of the forward velocity, as far as it stands level, each leg near home", low=0.0)
    yaw_rate_weight: float = setting(0.1, "penalty on the yaw rate, as far as it stands level", low=0.0)
    tilt_rate_weight: float = setting(
        0.05,
        "penalty on the squared rates of roll and pitch, as far as it stands level",
        unit="s^2/rad^2",
        low=0.0,
        before=0.0,
    )
    action_change_weight: float = setting(
        0.1, "penalty on the mean squared change of the action, as far as it stands level", low=0.0
    )
    success_share: float = setting(
        0.6, "share of target_velocity from which on it counts as walking", low=0.01, high=1.0
    )

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """See the class."""
        spin, level = after["angular_velocity"], self._standing(after) * self._level(after)
        wrong = abs(after["body_velocity"][..., 0] - self.target_velocity) / self.target_velocity
        penalty = (
            self.yaw_rate_weight * abs(spin[..., 2]).clip(0.0, 3.0)
            + self.tilt_rate_weight * (spin[..., :2] ** 2).sum(-1).clip(0.0, 9.0)
            + self.action_change_weight * ((action - last_action) ** 2).mean(-1)
            + self.velocity_weight * (after["joint_velocity"] ** 2).mean(-1)
        )
        walking = self.walk_weight * self._on_all_legs(after) * (1.0 - wrong.clip(0.0, 2.0))
        return self._risen(after) + level * (walking - penalty)

    def _on_all_legs(self, after: Fields) -> Any:
        """From 0 to 1, as the leg that is farthest from the home pose is near it: the square of its nearness."""
        joints = after["joint_position"]
        squared = (joints.reshape(*joints.shape[:-1], _LEGS, -1) ** 2).mean(-1)
        farthest = reduce(lambda far, leg: far + (leg - far).clip(0.0), (squared[..., leg] for leg in range(_LEGS)))
        return self._nearness(farthest) ** 2

    def _level(self, after: Fields) -> Any:
        """From 0 to 1, as its back is level: 0.94 at 10 degrees, 0.56 at 30."""
        return (-after["gravity"][..., 2]).clip(0.0, 1.0) ** 4

    def succeeded(self, after: Fields) -> Any:
        """It stands and walks."""
        fast = after["body_velocity"][..., 0] >= self.success_share * self.target_velocity
        return super().succeeded(after) & fast

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Forward velocity [m/s] beside those of getting up."""
        return {**super().metrics(observation), "forward_velocity": float(observation["body_velocity"][..., 0])}
