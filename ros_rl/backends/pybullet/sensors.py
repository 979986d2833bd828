# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How PyBullet measures each sensor, without noise.

Other packages add theirs by the entry point group ``ros_rl.pybullet_sensors``, whose names are the sensors'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ros_rl.backends.pybullet.objects import MovableObject
from ros_rl.backends.pybullet.scene import Body
from ros_rl.errors import ConfigError
from ros_rl.plugins import PYBULLET_SENSORS_GROUP, Table
from ros_rl.robot import Robot
from ros_rl.rotations import conjugate, cross, multiply, quaternion_to_matrix
from ros_rl.types import Array, Measurement, Pose

_GRAVITY = np.array([0.0, 0.0, 9.81])


class Instant:
    """The simulated robot at one instant; what is asked twice, PyBullet is asked once.

    Args:
        client: The world.
        world: PyBullet's body indices of what stands in it.
        body: The robot in it.
        robot: The same, as its YAML file describes it.
        effort: Of the joints in the newest simulation step [N m or N], shape (joints,).
        period: Control period [s].
        before: The instant one period earlier, with which means over the period begin; None after a reset.
        objects: What moves there and is measured, by name.
    """

    def __init__(
        self,
        client: Any,
        world: list[int],
        body: Body,
        robot: Robot,
        effort: Array,
        period: float,
        before: Instant | None = None,
        objects: Mapping[str, MovableObject] | None = None,
    ) -> None:
        self.objects = objects or {}
        self.client, self.world, self.body, self.robot = client, world, body, robot
        self.effort, self.period, self.before = effort, period, before or self

    @cached_property
    def joints(self) -> tuple[Array, Array]:
        """Positions and velocities of the commanded joints, each of shape (joints,)."""
        return self._state_of(self.body.joints)

    @cached_property
    def passive(self) -> tuple[Array, Array]:
        """The same of the passive joints."""
        return self._state_of(self.body.passive)

    def _state_of(self, joints: list[int]) -> tuple[Array, Array]:
        states = self.client.getJointStates(self.body.index, joints)
        values = np.array([state[:2] for state in states])
        return values[:, 0], values[:, 1]

    @cached_property
    def pose(self) -> tuple[Array, Array]:
        """Position [m] and orientation (xyzw) of the base link in the world."""
        position, orientation = self.client.getBasePositionAndOrientation(self.body.index)
        inverse = self.client.invertTransform(*self.body.inertial)
        position, orientation = self.client.multiplyTransforms(position, orientation, *inverse)
        return np.array(position), np.array(orientation)

    @cached_property
    def rotation(self) -> Array:
        """From the base link to the world, shape (3, 3)."""
        return quaternion_to_matrix(self.pose[1])

    @cached_property
    def velocity(self) -> tuple[Array, Array]:
        """Linear [m/s] and angular [rad/s] velocity of the base link's frame, in the world."""
        linear, angular = (np.array(value) for value in self.client.getBaseVelocity(self.body.index))
        return linear - cross(angular, self.rotation @ np.array(self.body.inertial[0])), angular

    @cached_property
    def _tool_link(self) -> tuple[Any, Array]:
        """The link's state, and the tool centre point in the world [m]."""
        state = self.client.getLinkState(
            self.body.index, self.body.tool, computeLinkVelocity=True, computeForwardKinematics=True
        )
        assert self.robot.simulation is not None  # it was loaded by it
        offset = np.array(self.robot.simulation.tool_offset)
        return state, np.array(state[4]) + quaternion_to_matrix(np.array(state[5])) @ offset

    @cached_property
    def tool(self) -> Array:
        """Tool centre point in the base frame [m], shape (3,)."""
        return self.in_base(self._tool_link[1])

    @cached_property
    def tool_orientation(self) -> Array:
        """Quaternion xyzw of the tool's link in the base frame, shape (4,)."""
        return multiply(conjugate(self.pose[1]), np.array(self._tool_link[0][5]))

    @cached_property
    def tool_velocity(self) -> Array:
        """Of the tool centre point relative to the base, in its frame [m/s], shape (3,)."""
        state, point = self._tool_link
        linear, angular = np.array(state[6]), np.array(state[7])  # of the link's centre of mass
        base, turning = self.velocity
        moved = linear + cross(angular, point - np.array(state[0])) - base - cross(turning, point - self.pose[0])
        return self.rotation.T @ moved

    @cached_property
    def contact_force(self) -> Array:
        """Normal force on each contact link by other bodies [N], shape (links,)."""
        forces = dict.fromkeys(self.body.contacts, 0.0)
        for point in self.client.getContactPoints(self.body.index) if forces else ():
            if point[3] in forces and point[2] != self.body.index:
                forces[point[3]] += point[9]
        return np.array([forces[link] for link in self.body.contacts])

    @cached_property
    def object_poses(self) -> dict[str, Pose]:
        """In the world, by name."""
        return {name: item.pose(self.client) for name, item in self.objects.items()}

    def in_base(self, point: Array) -> Array:
        """A point of the world in the base frame [m], shape (3,)."""
        return self.rotation.T @ (point - self.pose[0])

    def keep(self) -> Instant:
        """Ask at once for what means over the next period begin with, before the world moves on."""
        _ = self.pose, self.velocity
        return self


def _acceleration(now: Instant) -> Array:
    """Mean over the period, gravity included, in the body frame."""
    return now.rotation.T @ ((now.velocity[0] - now.before.velocity[0]) / now.period + _GRAVITY)


def _poses(now: Instant) -> list[Pose]:
    return [now.object_poses[name] for name in now.robot.objects]


MEASURES: Table[Callable[[Instant], Array]] = Table(
    PYBULLET_SENSORS_GROUP,
    {
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
            [now.rotation.T @ now.objects[name].velocity(now.client) for name in now.robot.objects]
        ),
    },
)


def check_measures(robot: Robot, body: Body) -> None:
    """Refuse a robot with a sensor that nobody can measure here.

    Raises:
        ConfigError: Naming the sensor.
    """
    for name in robot.sensors:
        if name not in MEASURES:
            raise ConfigError(
                f"driver 'pybullet' cannot measure sensor '{name}' of robot '{robot.name}'; it can: "
                f"{', '.join(MEASURES)}"
            )


def measure(now: Instant) -> Measurement:
    """What the robot's sensors give, without noise."""
    return Measurement({name: MEASURES[name](now) for name in now.robot.sensors})
