# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot and its scene in MuJoCo: the compiled model, its state, and what of it is which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_rl.backends.mujoco.client import mujoco
from ros_rl.backends.mujoco.eyes import add_cameras
from ros_rl.backends.mujoco.ground import Fields, add_fields
from ros_rl.backends.mujoco.model import robot_spec
from ros_rl.backends.mujoco.scene import add_scene, movable_objects, paint
from ros_rl.backends.starts import Place
from ros_rl.cameras.knocked import knocked
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.robot.model import urdf_of
from ros_rl.rotations import cross
from ros_rl.scenes import read_scene
from ros_rl.settings.simulators.mujoco import MujocoSettings
from ros_rl.types import Array

_FREE = 6  # degrees of freedom of a base that nothing holds


class Contact(NamedTuple):
    """Of a link of the robot with what is not the robot.

    Attributes:
        link: MuJoCo's body index of the link.
        still: Whether what it touches stands still.
        force: Along the normal [N].
        position: In the world [m], shape (3,).
    """

    link: int
    still: bool
    force: float
    position: Array


class World:
    """A robot's world; time passes by `step`.

    Args:
        robot: The robot.
        settings: Its physics.
        scene: Name of what is around it.

    Raises:
        ConfigError: MuJoCo cannot load the robot.
    """

    def __init__(self, robot: Robot, settings: MujocoSettings, scene: str) -> None:
        spec, around, simulation = robot_spec(robot, settings), read_scene(scene), robot.simulation
        links = {body.name for body in spec.bodies[1:]}
        add_scene(spec, around, settings.lamp)
        add_cameras(spec, knocked(robot, settings.frames))
        if settings.world.terrain.uneven:
            add_fields(spec)
        try:
            self.model: Any = spec.compile()
        except ValueError as error:
            raise ConfigError(f"robot '{robot.name}': MuJoCo cannot load it: {' '.join(str(error).split())}") from None
        self.data: Any = mujoco.MjData(self.model)
        assert simulation is not None  # see `MujocoSettings.check_robot`
        named = [simulation.joints.get(name, name) for name in (*robot.joints, *robot.passive)]
        joints = [self.model.joint(name).id for name in named]
        self.joints, self.passive = joints[: robot.size], joints[robot.size :]
        """MuJoCo's joint indices of the commanded and of the passive joints."""
        self._followers = [
            (self.model.joint(name).qposadr[0], named.index(joint.mimics), joint.multiplier, joint.offset)
            for name, joint in urdf_of(robot).followers(named).items()
        ]
        self.base: int = self.model.body(urdf_of(robot).root_link).id
        """Its body index of the base link; the others are as those of PyBullet's `Body`."""
        self.tool: int | None = self.model.body(simulation.tool_link).id if simulation.tool_link else None
        self.feet: list[int] = [self.model.body(name).id for name in simulation.feet]
        self.contact_links: list[int] = [self.model.body(name).id for name in robot.contact_links]
        self.objects = movable_objects(self.model, around)
        self.field = Fields(self.model) if settings.world.terrain.uneven else None
        self._robot: NDArray[np.bool_] = np.array(
            [self.model.body(index).name in links for index in range(self.model.nbody)]
        )
        moves = self._robot.copy()
        moves[[item.index for item in self.objects.values()]] = True
        paint(self.model, ~moves, settings.frames.background)
        self._force, self._motion = np.zeros(6), np.zeros(6)

    def reset(self, place: Place, passive: Array, rng: np.random.Generator) -> None:
        """See `ros_rl.backends.engine.Engine.place`."""
        mujoco.mj_resetData(self.model, self.data)
        if self.model.body_dofnum[self.base] == _FREE:
            start = self.model.jnt_qposadr[self.model.body_jntadr[self.base]]
            self.data.qpos[start : start + 7] = [*place.position, *place.orientation[[3, 0, 1, 2]]]
        self.pose(place.joints, passive)
        for item in self.objects.values():
            item.reset(self.data, rng)
        mujoco.mj_forward(self.model, self.data)

    def step(self) -> None:
        """One step of physics, with what strings pull."""
        for item in self.objects.values():
            item.pull(self.data, self.model.opt.timestep)
        mujoco.mj_step(self.model, self.data)

    def push(self, change: Array) -> None:
        """Change the velocity of a floating base, and of all that it carries [m/s], shape (3,)."""
        first = self.model.body_dofadr[self.base]
        self.data.qvel[first : first + 3] += change
        mujoco.mj_forward(self.model, self.data)

    def pose(self, positions: Array, passive: Array) -> None:
        """Put the joints somewhere without time passing.

        Args:
            positions: Of the commanded joints [rad or m], shape (joints,).
            passive: Of the passive joints, shape (passive,).
        """
        wanted = [*positions, *passive]
        self.data.qpos[self.model.jnt_qposadr[[*self.joints, *self.passive]]] = wanted
        for address, leader, multiplier, offset in self._followers:
            self.data.qpos[address] = multiplier * wanted[leader] + offset

    def state_of(self, joints: Sequence[int]) -> tuple[Array, Array]:
        """Positions and velocities of joints, each of shape (joints,)."""
        model, chosen = self.model, list(joints)
        return self.data.qpos[model.jnt_qposadr[chosen]], self.data.qvel[model.jnt_dofadr[chosen]]

    def velocity_of(self, body: int) -> tuple[Array, Array]:
        """Linear [m/s] and angular [rad/s] velocity of a body's frame, in the world."""
        kind = mujoco.mjtObj.mjOBJ_XBODY
        mujoco.mj_objectVelocity(self.model, self.data, kind, body, self._motion, 0)
        return self._motion[3:].copy(), self._motion[:3].copy()

    def contacts(self) -> Iterator[Contact]:
        """Those of the robot with others, as they press now."""
        for index, contact in enumerate(self.data.contact):
            bodies = [int(self.model.geom_bodyid[geom]) for geom in contact.geom]
            own = [body for body in bodies if self._robot[body]]
            if len(own) != 1:
                continue
            other = next(body for body in bodies if body != own[0])
            mujoco.mj_contactForce(self.model, self.data, index, self._force)
            still = int(self.model.body_weldid[other]) == 0
            yield Contact(own[0], still, float(self._force[0]), contact.pos.copy())

    @property
    def entangled(self) -> bool:
        """Whether the robot touches itself."""
        pairs = self.model.geom_bodyid[self.data.contact.geom]
        return bool(self._robot[pairs].all(axis=-1).any())

    def stands_still(self, link: int) -> bool:
        """Whether a link of the robot cannot move."""
        return int(self.model.body_weldid[link]) == 0

    def extent(self) -> tuple[Array, Array]:
        """Lowest and highest corner of a box around the robot as it stands [m], each of shape (3,)."""
        shapes = np.flatnonzero(self._robot[self.model.geom_bodyid])
        rotations = self.data.geom_xmat[shapes].reshape(-1, 3, 3)
        middles, halves = self.model.geom_aabb[shapes, :3], self.model.geom_aabb[shapes, 3:]
        centres = self.data.geom_xpos[shapes] + np.einsum("sij,sj->si", rotations, middles)
        sizes = np.einsum("sij,sj->si", np.abs(rotations), halves)
        return np.min(centres - sizes, axis=0), np.max(centres + sizes, axis=0)

    def slip(self, contact: Contact) -> float:
        """Speed of the link along the ground where it touches [m/s]."""
        linear, angular = self.velocity_of(contact.link)
        velocity = linear + cross(angular, contact.position - self.data.xpos[contact.link])
        return float(np.hypot(velocity[0], velocity[1]))
