# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot in PyBullet at one instant, from which its sensors are measured.

Other packages add how theirs are by the entry point group ``ros_rl.pybullet_sensors``, whose names are the sensors'.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ros_rl.backends.instant import OWN_MEASURES, Instant, Measure
from ros_rl.backends.pybullet.model import Body
from ros_rl.backends.pybullet.objects import MovableObject
from ros_rl.plugins import PYBULLET_SENSORS_GROUP, Table
from ros_rl.robot import Robot
from ros_rl.rotations import cross, quaternion_to_matrix
from ros_rl.types import Array, Pose


class PyBulletInstant(Instant):
    """What is asked twice, PyBullet is asked once.

    Args:
        client: The world.
        world: PyBullet's body indices of what stands in it.
        body: The robot in it.
        robot: See `Instant`, as all that follows.
        effort: Of the joints.
        period: Control period [s].
        before: The instant one period earlier.
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
        super().__init__(robot, effort, period, before)
        self.client, self.world, self.body, self.objects = client, world, body, objects or {}

    @cached_property
    def joints(self) -> tuple[Array, Array]:
        """See `Instant.joints`."""
        return self._state_of(self.body.joints)

    @cached_property
    def passive(self) -> tuple[Array, Array]:
        """See `Instant.passive`."""
        return self._state_of(self.body.passive)

    def _state_of(self, joints: list[int]) -> tuple[Array, Array]:
        states = self.client.getJointStates(self.body.index, joints)
        values = np.array([state[:2] for state in states])
        return values[:, 0], values[:, 1]

    @cached_property
    def pose(self) -> tuple[Array, Array]:
        """See `Instant.pose`."""
        position, orientation = self.client.getBasePositionAndOrientation(self.body.index)
        position, orientation = self.client.multiplyTransforms(position, orientation, *self.body.frame)
        return np.array(position), np.array(orientation)

    @cached_property
    def velocity(self) -> tuple[Array, Array]:
        """See `Instant.velocity`."""
        linear, angular = (np.array(value) for value in self.client.getBaseVelocity(self.body.index))
        return linear - cross(angular, self.rotation @ np.array(self.body.inertial[0])), angular

    @cached_property
    def _tool_state(self) -> Any:
        return self.client.getLinkState(
            self.body.index, self.body.tool, computeLinkVelocity=True, computeForwardKinematics=True
        )

    @cached_property
    def tool_pose(self) -> tuple[Array, Array]:
        """See `Instant.tool_pose`."""
        assert self.robot.simulation is not None  # it was loaded by it
        offset, orientation = np.array(self.robot.simulation.tool_offset), np.array(self._tool_state[5])
        return np.array(self._tool_state[4]) + quaternion_to_matrix(orientation) @ offset, orientation

    @cached_property
    def tool_motion(self) -> Array:
        """See `Instant.tool_motion`."""
        centre, linear, angular = (np.array(self._tool_state[index]) for index in (0, 6, 7))
        return linear + cross(angular, self.tool_pose[0] - centre)

    @cached_property
    def contact_force(self) -> Array:
        """See `Instant.contact_force`."""
        forces = dict.fromkeys(self.body.contacts, 0.0)
        for point in self.client.getContactPoints(self.body.index) if forces else ():
            if point[3] in forces and point[2] != self.body.index:
                forces[point[3]] += point[9]
        return np.array([forces[link] for link in self.body.contacts])

    @cached_property
    def object_poses(self) -> dict[str, Pose]:
        """See `Instant.object_poses`."""
        return {name: item.pose(self.client) for name, item in self.objects.items()}

    def object_motion(self, name: str) -> Array:
        """See `Instant.object_motion`."""
        return self.objects[name].velocity(self.client)


MEASURES: Table[Measure] = Table(PYBULLET_SENSORS_GROUP, OWN_MEASURES)
