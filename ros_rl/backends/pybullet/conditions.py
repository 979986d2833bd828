# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an episode's conditions are in PyBullet: dynamics of links and joints, and a robot whose mass is elsewhere."""

from __future__ import annotations

import copy
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.backends.pybullet.client import pybullet
from ros_rl.backends.pybullet.model import Body, load_robot
from ros_rl.backends.world.conditions import Conditions
from ros_rl.backends.world.mass import carrier, read_inertia, write_inertia
from ros_rl.robot import VELOCITY, Robot
from ros_rl.robot.model import urdf_of
from ros_rl.settings.world import WorldSettings


class Conditioner:
    """Makes one robot's world what an episode's conditions say; what the settings never vary, it leaves alone.

    Args:
        client: The world.
        robot: The robot in it.
        settings: What varies.
        mesh_cell: See `load_robot`.
    """

    def __init__(self, client: Any, robot: Robot, settings: WorldSettings, mesh_cell: float = 0.0) -> None:
        self._client, self._robot, self._settings, self._mesh_cell = client, robot, settings, mesh_cell
        if settings.moves_mass:
            self._urdf = urdf_of(robot)
            self._carrier = carrier(robot, self._urdf, np.array(settings.payload_place))
            self._own = read_inertia(self._urdf, self._carrier.link)

    def loaded(self, body: Body, conditions: Conditions) -> Body:
        """The robot with its payload: PyBullet moves no centre of mass of a robot that it has, so it is loaded anew."""
        if not self._settings.moves_mass:
            return body
        root, own = copy.deepcopy(self._urdf.root), self._carrier.inertia(self._own, conditions)
        write_inertia(next(item for item in root.findall("link") if item.get("name") == self._carrier.link), own)
        for mesh in root.iter("mesh"):
            mesh.set("filename", str(self._urdf.mesh(mesh.get("filename", ""))))
        self._client.removeBody(body.index)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / self._urdf.path.name
            ET.ElementTree(root).write(path)
            return load_robot(self._client, self._robot, path, self._mesh_cell)

    def apply(self, body: Body, ground: Sequence[int], conditions: Conditions) -> None:
        """What does not move its mass, as an episode begins.

        Args:
            body: The robot.
            ground: PyBullet's indices of the bodies that stand still.
            conditions: Of the episode.
        """
        change, settings, index = self._client.changeDynamics, self._settings, body.index
        for foot in body.feet:
            change(index, foot, lateralFriction=conditions.friction)
        if settings.restitution[1]:  # of two bodies it is the product
            for other in ground:
                change(other, -1, restitution=1.0)
            for foot in body.feet:
                change(index, foot, restitution=conditions.restitution)
        if settings.foot_give[1]:
            self._soften(body, conditions.foot_give)
        if settings.joint_damping[1]:
            for joint, damping in zip(body.joints, conditions.joint_damping, strict=True):
                own = self._client.getJointInfo(index, joint)[6]
                change(index, joint, jointDamping=own + float(damping))
        if settings.joint_friction[1]:  # a motor that stands still beside the torque; one that turns has its own
            chosen = np.flatnonzero(~self._robot.commanded_by(VELOCITY))
            joints = [body.joints[joint] for joint in chosen]
            self._client.setJointMotorControlArray(
                index,
                joints,
                pybullet.VELOCITY_CONTROL,
                targetVelocities=[0.0] * len(joints),
                forces=conditions.joint_friction[chosen].tolist(),
            )

    def _soften(self, body: Body, give: float) -> None:
        """Springs and dampers below the feet that bring the mass above each to rest in this time [s], critically."""
        links = range(-1, self._client.getNumJoints(body.index))
        mass = sum(self._client.getDynamicsInfo(body.index, link)[0] for link in links) / len(body.feet)
        for foot in body.feet:
            stiffness, damping = mass / give**2, 2.0 * mass / give
            self._client.changeDynamics(body.index, foot, contactStiffness=stiffness, contactDamping=damping)
