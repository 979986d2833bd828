# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Quadrupeds that walk as a joystick, or whoever publishes ``cmd_vel``, tells them to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ros_rl.config import setting
from ros_rl.features import Bounds
from ros_rl.layout import Fields
from ros_rl.tasks.goal_measures import velocity_error_measure
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.milestone import Milestone
from ros_rl.tasks.quadruped.gait import QuadrupedGait
from ros_rl.tasks.terms import distance, near
from ros_rl.tasks.times import periods
from ros_rl.types import Array, Truth


def _velocity(truth: Truth) -> Array:
    return truth.base_velocity


_PLANAR, _TURNING = slice(0, 2), slice(2, 3)
_MEANS_OVER = 1.0  # s
_STANDS = 0.2  # share of the scales of velocity and turning from which on a command is one to walk


@dataclass(frozen=True)
class QuadrupedTrack(QuadrupedGait):
    """Move forward, sideways and turn with the velocity that is asked for, which changes on the way.

    Reward: how near the velocity is to the command, in a linear part that leads there from anywhere and one that is
    sharp near it, both gated by uprightness; a bonus for being upright; less what the gait costs
    (`QuadrupedGait`), which is a trot as far as it is asked to move, and standing on all feet where it is not.
    """

    observation: ClassVar[tuple[str, ...]] = (
        "joint_position",
        "joint_velocity",
        "gravity",
        "angular_velocity",
        "body_velocity",
        "height_over_feet",
        "feet_lift",
        "gait_phase",
        "velocity_command",
    )
    measures: ClassVar[tuple[Measure, ...]] = (
        velocity_error_measure(
            "velocity_command",
            _velocity,
            "velocity_error",
            "m/s",
            _PLANAR,
            _MEANS_OVER,
            f"of means over {_MEANS_OVER:g} s, on the ground",
        ),
        velocity_error_measure(
            "velocity_command",
            _velocity,
            "turning_error",
            "rad/s",
            _TURNING,
            _MEANS_OVER,
            f"of means over {_MEANS_OVER:g} s",
        ),
    )
    milestone: ClassVar[Milestone] = Milestone("tracks", "velocity_error", most=0.15, to_the_end=True)
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "forward", "left", "turning", "hold_seconds")
    former: ClassVar[Mapping[str, str]] = {
        **QuadrupedGait.former,
        "hold_ticks": "it is hold_seconds now, in seconds: 80 control periods of 20 Hz are 4.0",
    }

    episode_seconds: float = setting(10.0, "time limit of an episode", unit="s", low=0.5)
    forward: float = setting(0.5, "commands go forward and backward by up to this", unit="m/s", low=0.0, high=3.0)
    left: float = setting(0.3, "commands go to the left and right by up to this", unit="m/s", low=0.0, high=2.0)
    turning: float = setting(0.7, "commands turn by up to this", unit="rad/s", low=0.0, high=3.0)
    hold_seconds: float = setting(4.0, "after this long a new command is drawn", unit="s", low=0.01)
    velocity_scale: float = setting(0.5, "error that costs a unit of reward", unit="m/s", low=0.01)
    turning_scale: float = setting(1.0, "error that costs a unit of reward", unit="rad/s", low=0.01)
    turning_weight: float = setting(0.5, "what turning counts as against moving", low=0.0)
    sharpness: float = setting(0.5, "weight of what is sharp near the command", low=0.0)
    precision: float = setting(0.15, "share of the scales at which that has fallen to half", low=1e-3)

    tilt_weight: float = setting(2.0, "penalty on the squared sine of the trunk's tilt", low=0.0, before=0.0)
    standing_height: float = setting(0.25, "height over the feet below which it crouches", unit="m", low=0.05)
    crouch_weight: float = setting(2.0, "penalty on what it is lower, as a share of that", low=0.0, before=0.0)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """See the class."""
        upright = -after["gravity"][..., 2]
        command = after["velocity_command"]
        moving = distance(after["body_velocity"][..., :2], command[..., :2]) / self.velocity_scale
        turning = abs(after["angular_velocity"][..., 2] - command[..., 2]) / self.turning_scale
        met = self._met(moving) + self.turning_weight * self._met(turning)
        vertical, moving = after["body_velocity"][..., 2], self._asked_to_move(command)
        cost = self.gait_cost(last_action, action, after, vertical, moving)
        return met * upright.clip(0.0, 1.0) + self.upright_weight * upright - cost - self._posture(after)

    def _posture(self, after: Fields) -> Any:
        """What it costs not to stand level and high: without it, an A1 followed its commands on its hind shanks."""
        tilt = (after["gravity"][..., :2] ** 2).sum(-1)
        crouch = (1.0 - after["height_over_feet"][..., 0] / self.standing_height).clip(0.0, 1.0)
        return self.tilt_weight * tilt + self.crouch_weight * crouch

    def _asked_to_move(self, command: Any) -> Any:
        """From 0 where it is to stand to 1 where its legs have to move."""
        asked = distance(command[..., :2], 0.0 * command[..., :2]) / self.velocity_scale
        return ((asked + abs(command[..., 2]) / self.turning_scale) / _STANDS).clip(0.0, 1.0)

    def _met(self, error: Any) -> Any:
        """1 + `sharpness` at no error, in units of its scale; falls by a unit for each, down to -1."""
        return (1.0 - error).clip(-1.0, 1.0) + self.sharpness * near(error, self.precision)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """A velocity in the base frame: forward and to the left [m/s], turning to the left [rad/s]."""
        most = self._most
        return {"velocity_command": rng.uniform(-most, most)}

    def change_inputs(
        self, inputs: dict[str, Array], step: int, period: float, rng: np.random.Generator
    ) -> dict[str, Array]:
        """Another one from time to time."""
        return inputs if step % periods(self.hold_seconds, period) else self.draw_inputs(rng)

    def input_bounds(self) -> dict[str, Bounds]:
        """The box that commands are drawn from."""
        return {"velocity_command": (-self._most, self._most)}

    @property
    def _most(self) -> Array:
        return np.array([self.forward, self.left, self.turning])

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Distance from the command in the plane [m/s], and in turning [rad/s]."""
        command = observation["velocity_command"]
        return {
            "velocity_error": float(distance(observation["body_velocity"][..., :2], command[..., :2])),
            "turning_error": float(abs(observation["angular_velocity"][..., 2] - command[..., 2])),
        }


@dataclass(frozen=True)
class A1Track(QuadrupedTrack):
    """`QuadrupedTrack` with a Unitree A1."""

    name: ClassVar[str] = "a1_track"
    robot: ClassVar[str] = "a1"


@dataclass(frozen=True)
class Go2Track(QuadrupedTrack):
    """`QuadrupedTrack` with a Unitree Go2."""

    name: ClassVar[str] = "go2_track"
    robot: ClassVar[str] = "go2"

    standing_height: float = setting(0.265, "height over the feet below which it crouches", unit="m", low=0.05)
    fall_height: float = setting(0.14, "height over the feet below which the episode ends", unit="m", low=0.0)
