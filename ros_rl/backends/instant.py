# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a simulated robot's sensors measure, without noise, in whichever simulator: one definition for all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ros_rl.backends.gravity import FORCE_AT_REST
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.rotations import conjugate, cross, multiply, quaternion_to_matrix
from ros_rl.types import Array, Pose


class Instant(ABC):
    """A simulated robot at one instant; a simulator gives the properties that are abstract here.

    Args:
        robot: The robot, as its YAML file describes it.
        effort: Of the joints in the newest physics step [N m or N], shape (joints,).
        period: Control period [s].
        before: The instant one period earlier, with which means over the period begin; None after a reset.
    """

    def __init__(self, robot: Robot, effort: Array, period: float, before: Instant | None = None) -> None:
        self.robot, self.effort, self.period = robot, effort, period
        self._before = before

    @property
    def before(self) -> Instant:
        """The instant with which means over the period begin; this one itself after a reset."""
        return self._before or self

    @property
    @abstractmethod
    def joints(self) -> tuple[Array, Array]:
        """Positions and velocities of the commanded joints, each of shape (joints,)."""

    @property
    @abstractmethod
    def passive(self) -> tuple[Array, Array]:
        """The same of the passive joints."""

    @property
    @abstractmethod
    def pose(self) -> tuple[Array, Array]:
        """Position [m] and orientation (xyzw) of the base link in the world."""

    @property
    @abstractmethod
    def velocity(self) -> tuple[Array, Array]:
        """Linear [m/s] and angular [rad/s] velocity of the base link's frame, in the world."""

    @property
    @abstractmethod
    def tool_pose(self) -> tuple[Array, Array]:
        """Position of the tool centre point [m] and orientation (xyzw) of its link, in the world."""

    @property
    @abstractmethod
    def tool_motion(self) -> Array:
        """Velocity of the tool centre point in the world [m/s], shape (3,)."""

    @property
    @abstractmethod
    def contact_force(self) -> Array:
        """Normal force on each contact link by other bodies [N], shape (links,)."""

    @property
    @abstractmethod
    def object_poses(self) -> Mapping[str, Pose]:
        """Of the scene's movable bodies in the world, by name."""

    @abstractmethod
    def object_motion(self, name: str) -> Array:
        """Velocity of such a body's origin in the world [m/s], shape (3,)."""

    @cached_property
    def rotation(self) -> Array:
        """From the base link to the world, shape (3, 3)."""
        return quaternion_to_matrix(self.pose[1])

    @property
    def tool(self) -> Array:
        """Tool centre point in the base frame [m], shape (3,)."""
        return self.in_base(self.tool_pose[0])

    @property
    def tool_orientation(self) -> Array:
        """Quaternion xyzw of the tool's link in the base frame, shape (4,)."""
        return multiply(conjugate(self.pose[1]), self.tool_pose[1])

    @property
    def tool_velocity(self) -> Array:
        """Of the tool centre point relative to the base, in its frame [m/s], shape (3,)."""
        base, turning = self.velocity
        return self.rotation.T @ (self.tool_motion - base - cross(turning, self.tool_pose[0] - self.pose[0]))

    def in_base(self, point: Array) -> Array:
        """A point of the world in the base frame [m], shape (3,)."""
        return self.rotation.T @ (point - self.pose[0])

    def keep(self) -> Instant:
        """Ask at once for what means over the next period begin with, before the world moves on."""
        _ = self.pose, self.velocity
        self._before = None  # lest each keeps the one before it, for ever
        return self


Measure = Callable[[Any], Array]
"""Measures a sensor at an `Instant`, that of one simulator for sensors that only it can measure."""


def _acceleration(now: Instant) -> Array:
    """Mean over the period, gravity included, in the body frame."""
    return now.rotation.T @ ((now.velocity[0] - now.before.velocity[0]) / now.period + FORCE_AT_REST)


def _poses(now: Instant) -> list[Pose]:
    return [now.object_poses[name] for name in now.robot.objects]


OWN_MEASURES: dict[str, Measure] = {
    "joint_position": lambda now: now.joints[0],
    "joint_velocity": lambda now: now.joints[1],
    "joint_effort": lambda now: now.effort.copy(),
    "passive_position": lambda now: now.passive[0],
    "passive_velocity": lambda now: now.passive[1],
    "imu_orientation": lambda now: now.pose[1],
    "imu_angular_velocity": lambda now: now.rotation.T @ now.velocity[1],
    "imu_linear_acceleration": _acceleration,
    "base_position": lambda now: now.pose[0],
    "base_orientation": lambda now: now.pose[1],
    "base_linear_velocity": lambda now: now.rotation.T @ (now.pose[0] - now.before.pose[0]) / now.period,
    "tool_position": lambda now: now.tool,
    "tool_orientation": lambda now: now.tool_orientation,
    "tool_velocity": lambda now: now.tool_velocity,
    "contact_force": lambda now: now.contact_force,
    "object_position": lambda now: np.concatenate([now.in_base(pose.position) for pose in _poses(now)]),
    "object_orientation": lambda now: np.concatenate(
        [multiply(conjugate(now.pose[1]), pose.orientation) for pose in _poses(now)]
    ),
    "object_velocity": lambda now: np.concatenate(
        [now.rotation.T @ now.object_motion(name) for name in now.robot.objects]
    ),
}
"""By the sensors' names, those of this package."""


def check_measures(driver: str, robot: Robot, measures: Mapping[str, Measure]) -> None:
    """Refuse a robot with a sensor that nobody can measure here.

    Raises:
        ConfigError: Naming the sensor.
    """
    for name in robot.sensors:
        if name not in measures:
            raise ConfigError(
                f"driver '{driver}' cannot measure sensor '{name}' of robot '{robot.name}'; it can: "
                f"{', '.join(measures)}"
            )
