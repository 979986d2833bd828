# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an episode's conditions are in MuJoCo: values of the compiled model."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.mujoco.client import mujoco
from ros_rl.backends.mujoco.world import World
from ros_rl.backends.world.conditions import Conditions
from ros_rl.backends.world.mass import Inertia, carrier
from ros_rl.robot import Robot
from ros_rl.robot.model import urdf_of
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.settings.simulators.mujoco import MujocoSettings
from ros_rl.types import Array


class Conditioner:
    """Makes one robot's world what an episode's conditions say; what the settings never vary, it leaves alone.

    Args:
        world: The robot's.
        robot: The robot.
        settings: What varies.
    """

    def __init__(self, world: World, robot: Robot, settings: MujocoSettings) -> None:
        self._world, self._settings = world, settings
        model = world.model
        self._feet = np.flatnonzero(np.isin(model.geom_bodyid, world.feet))
        self._dofs = model.jnt_dofadr[world.joints]
        self._friction, self._damping, self._armature = (
            np.array(values[self._dofs]) for values in (model.dof_frictionloss, model.dof_damping, model.dof_armature)
        )
        if settings.world.moves_mass:
            self._carrier = carrier(robot, urdf_of(robot), np.array(settings.world.payload_place))
            self._link = model.body(self._carrier.link).id
            turned = quaternion_to_matrix(model.body_iquat[self._link][[1, 2, 3, 0]])
            tensor = turned @ np.diag(model.body_inertia[self._link]) @ turned.T
            self._own = Inertia(float(model.body_mass[self._link]), model.body_ipos[self._link].copy(), tensor)

    def load(self, conditions: Conditions) -> None:
        """Before the robot is placed: what it carries, and where its mass is."""
        if self._settings.world.moves_mass:
            self._load(self._carrier.inertia(self._own, conditions))

    def apply(self, conditions: Conditions) -> None:
        """All else, wherever the robot is."""
        model, world, dofs = self._world.model, self._settings.world, self._dofs
        self.grip(np.full(len(self._world.feet), conditions.friction))
        if world.restitution[1] or world.foot_give[1]:
            time, ratio = conditions.foot_give or self._settings.contact_time, _damping_ratio(conditions.restitution)
            model.geom_solref[self._feet] = [time / ratio, ratio]  # of which the first is that of the damper
        model.dof_frictionloss[dofs] = self._friction + conditions.joint_friction
        model.dof_damping[dofs] = self._damping + conditions.joint_damping
        model.dof_armature[dofs] = self._armature + conditions.armature
        if world.moves_mass or world.armature[1]:
            mujoco.mj_setConst(model, mujoco.MjData(model))  # which it puts where the model begins

    def grip(self, friction: Array) -> None:
        """Give each foot its friction, shape (feet,)."""
        model = self._world.model
        own = dict(zip(self._world.feet, friction.tolist(), strict=True))
        model.geom_friction[self._feet, 0] = [own[link] for link in model.geom_bodyid[self._feet].tolist()]

    def _load(self, inertia: Inertia) -> None:
        model, link = self._world.model, self._link
        principal, axes = np.linalg.eigh(inertia.tensor)
        axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
        turned = np.zeros(4)
        mujoco.mju_mat2Quat(turned, np.ascontiguousarray(axes).ravel())
        model.body_mass[link], model.body_ipos[link] = inertia.mass, inertia.centre
        model.body_inertia[link], model.body_iquat[link] = principal, turned


def _damping_ratio(restitution: float) -> float:
    """Of a spring that leaves a body this share of its speed: half a wave, damped."""
    if restitution <= 0.0:
        return 1.0
    decay = -np.log(restitution)
    return float(decay / np.hypot(np.pi, decay))
