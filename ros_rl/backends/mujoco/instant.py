# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot in MuJoCo at one instant, from which its sensors are measured.

Other packages add how theirs are by the entry point group ``ros_rl.mujoco_sensors``, whose names are the sensors'.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ros_rl.backends.instant import OWN_MEASURES, Instant, Measure
from ros_rl.backends.mujoco.world import World
from ros_rl.plugins import MUJOCO_SENSORS_GROUP, Table
from ros_rl.robot import Robot
from ros_rl.rotations import cross, quaternion_to_matrix
from ros_rl.types import Array, Pose


class MujocoInstant(Instant):
    """What is asked twice, is read once; all of it before the world moves on.

    Args:
        world: The robot's.
        robot: See `Instant`, as all that follows.
        effort: Of the joints.
        period: Control period [s].
        before: The instant one period earlier.
    """

    def __init__(self, world: World, robot: Robot, effort: Array, period: float, before: Instant | None = None) -> None:
        super().__init__(robot, effort, period, before)
        self.world = world

    @cached_property
    def joints(self) -> tuple[Array, Array]:
        """See `Instant.joints`."""
        return self.world.state_of(self.world.joints)

    @cached_property
    def passive(self) -> tuple[Array, Array]:
        """See `Instant.passive`."""
        return self.world.state_of(self.world.passive)

    @cached_property
    def pose(self) -> tuple[Array, Array]:
        """See `Instant.pose`."""
        return self._pose_of(self.world.base)

    @cached_property
    def velocity(self) -> tuple[Array, Array]:
        """See `Instant.velocity`."""
        return self.world.velocity_of(self.world.base)

    @cached_property
    def tool_pose(self) -> tuple[Array, Array]:
        """See `Instant.tool_pose`."""
        assert self.robot.simulation is not None and self.world.tool is not None
        position, orientation = self._pose_of(self.world.tool)
        return position + quaternion_to_matrix(orientation) @ np.array(self.robot.simulation.tool_offset), orientation

    @cached_property
    def tool_motion(self) -> Array:
        """See `Instant.tool_motion`."""
        assert self.world.tool is not None
        linear, angular = self.world.velocity_of(self.world.tool)
        return linear + cross(angular, self.tool_pose[0] - self._pose_of(self.world.tool)[0])

    @cached_property
    def contact_force(self) -> Array:
        """See `Instant.contact_force`."""
        forces = dict.fromkeys(self.world.contact_links, 0.0)
        for contact in self.world.contacts() if forces else ():
            if contact.link in forces:
                forces[contact.link] += contact.force
        return np.array([forces[link] for link in self.world.contact_links])

    @cached_property
    def object_poses(self) -> dict[str, Pose]:
        """See `Instant.object_poses`."""
        return {name: item.pose(self.world.data) for name, item in self.world.objects.items()}

    def object_motion(self, name: str) -> Array:
        """See `Instant.object_motion`."""
        return self.world.velocity_of(self.world.objects[name].index)[0]

    def _pose_of(self, body: int) -> tuple[Array, Array]:
        data = self.world.data
        return data.xpos[body].copy(), data.xquat[body][[1, 2, 3, 0]]


MEASURES: Table[Measure] = Table(MUJOCO_SENSORS_GROUP, OWN_MEASURES)
