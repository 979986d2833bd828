# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots in PyBullet: a robot's world, its sensors and what really happens."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ros_rl.backends.backend import EMPTY, Scenario
from ros_rl.backends.engine import Contacts
from ros_rl.backends.gravity import GRAVITY
from ros_rl.backends.instant import Instant, check_measures
from ros_rl.backends.pybullet.actuators import Actuators
from ros_rl.backends.pybullet.camera import Camera
from ros_rl.backends.pybullet.client import connect, pybullet
from ros_rl.backends.pybullet.conditions import Conditioner
from ros_rl.backends.pybullet.eyes import Eyes
from ros_rl.backends.pybullet.ground import Field
from ros_rl.backends.pybullet.markers import Markers
from ros_rl.backends.pybullet.model import load_robot, pose
from ros_rl.backends.pybullet.objects import named
from ros_rl.backends.pybullet.scene import load_scene, paint
from ros_rl.backends.pybullet.sensors import MEASURES, PyBulletInstant
from ros_rl.backends.pybullet.strings import Strings
from ros_rl.backends.simulated_robot import SimulatedRobot
from ros_rl.backends.starts import Place
from ros_rl.backends.world.conditions import Conditions
from ros_rl.backends.world.terrain import Terrain
from ros_rl.cameras.feed import Picture
from ros_rl.cameras.knocked import knocked
from ros_rl.robot import Robot
from ros_rl.rotations import cross
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.types import Array, Measurement, Pose, Start

_FAR_UP = 100.0  # m


class PyBulletBackend(SimulatedRobot):
    """One robot in a PyBullet world.

    Args:
        robot: See `SimulatedRobot`.
        settings: Physics, friction, noise, window.
        period: Control period [s].
        scenario: What is around it.
    """

    measures = MEASURES

    def __init__(
        self,
        robot: Robot,
        settings: PyBulletSettings,
        period: float,
        scenario: Scenario = EMPTY,
    ) -> None:
        super().__init__(robot, settings, period, scenario)
        self._gui = settings.gui
        self._client = connect(settings)
        self._scene = load_scene(self._client, scenario.scene)
        self._field = Field(self._client, self._scene) if settings.world.terrain.uneven else None
        paint(self._client, self._scene.world, settings.frames.background)
        mesh_cell = settings.mesh_cell if robot.cameras else 0.0
        self._body = load_robot(self._client, robot, mesh_cell=mesh_cell)
        check_measures("pybullet", robot, MEASURES)
        named(self._scene.objects, robot.objects, scenario.scene)
        self._conditioner = Conditioner(self._client, robot, settings.world, mesh_cell)
        self._camera = Camera(self._client, robot, settings.lamp)
        self._eyes = Eyes(self._client, knocked(robot, settings.frames), settings.lamp, settings.samples)
        self._markers = Markers(self._client)
        self._closed = False
        if settings.gui:
            self._camera.follow(np.array(self._body.spawn))
        self._strings = Strings(self._client, self._scene.objects.values(), 1.0 / settings.physics_rate_hz)
        self._actuators = Actuators(self._client, self._body, robot, self._strings.pull)

    def place(self, place: Place, passive: Array, conditions: Conditions, rng: np.random.Generator) -> None:
        """See `Engine.place`."""
        body = self._conditioner.loaded(self._body, conditions)
        if body is not self._body:
            self._body, self._actuators = body, Actuators(self._client, body, self._robot, self._strings.pull)
        index = self._body.index
        if self._start is not Start.HOME or self._scene.objects:
            self._forget_contacts()
        where = place.position.tolist(), place.orientation.tolist()
        base = self._client.multiplyTransforms(*where, *self._body.inertial)
        self._client.resetBasePositionAndOrientation(index, *base)
        self._client.resetBaseVelocity(index, [0.0] * 3, [0.0] * 3)
        pose(self._client, self._body, place.joints, passive)
        self.condition(conditions)
        for item in self._scene.objects.values():
            item.reset(self._client, rng)
        self._actuators.reset()

    def condition(self, conditions: Conditions) -> None:
        """See `Engine.condition`."""
        self._conditioner.apply(self._body, self._scene.world, conditions)
        self._actuators.condition(conditions)

    def _forget_contacts(self) -> None:
        """Part what lies down or moves, lest forces of the episode before, which PyBullet keeps, begin the next one."""
        pose(self._client, self._body, self._robot.home, self._robot.passive_home)
        moved = [item.index for item in self._scene.objects.values()]
        if self._start is not Start.HOME:
            moved.append(self._body.index)
        for number, index in enumerate(moved, start=1):
            self._client.resetBasePositionAndOrientation(index, [0.0, 0.0, number * _FAR_UP], [0.0, 0.0, 0.0, 1.0])
        self._client.stepSimulation()

    @property
    def entangled(self) -> bool:
        """See `Engine.entangled`."""
        self._client.performCollisionDetection()
        points = self._client.getContactPoints(self._body.index, self._body.index)
        return any(point[8] < 0.0 for point in points)

    @property
    def weight(self) -> float:
        """Of the robot [N]."""
        links = range(-1, self._client.getNumJoints(self._body.index))
        return GRAVITY * sum(self._client.getDynamicsInfo(self._body.index, link)[0] for link in links)

    def carry(self, position: Array, orientation: Array) -> None:
        """Put a floating base at rest to a place in the world [m], with a quaternion xyzw, and bear the robot's weight.

        That is for the next step of physics; its joints go on as they were.
        """
        self.displaced()
        base = self._client.multiplyTransforms(position.tolist(), orientation.tolist(), *self._body.inertial)
        self._client.resetBasePositionAndOrientation(self._body.index, *base)
        self._client.resetBaseVelocity(self._body.index, [0.0] * 3, [0.0] * 3)
        force = [0.0, 0.0, self.weight]
        self._client.applyExternalForce(self._body.index, -1, force, base[0], pybullet.WORLD_FRAME)

    def step(self, previous: Array, command: Array) -> Measurement:
        """See `SimulatedRobot.step`."""
        measurement = super().step(previous, command)
        if self._gui:
            self._strings.show()
            if self._robot.floating_base:
                self._camera.follow(self.now(None).pose[0])
        return measurement

    def follow(self, targets: Array) -> None:
        """See `Engine.follow`."""
        self._actuators.follow(targets)

    def push(self, change: Array) -> None:
        """See `Engine.push`."""
        linear, angular = self._client.getBaseVelocity(self._body.index)
        self._client.resetBaseVelocity(self._body.index, (change + linear).tolist(), angular)

    def lay(self, terrain: Terrain | None) -> None:
        """See `Engine.lay`."""
        if self._field is not None:
            self._field.lay(terrain)

    def move_field(self, pose: Pose) -> None:
        """See `Engine.move_field`."""
        assert self._field is not None
        self._field.move(pose)

    @property
    def foot_places(self) -> Array:
        """See `Engine.foot_places`."""
        return np.array([state[0][:2] for state in self._client.getLinkStates(self._body.index, self._body.feet)])

    def grip(self, friction: Array) -> None:
        """See `Engine.grip`."""
        for foot, own in zip(self._body.feet, friction.tolist(), strict=True):
            self._client.changeDynamics(self._body.index, foot, lateralFriction=own)

    def be_safe(self, substeps: int) -> None:
        """See `Engine.be_safe`."""
        self._actuators.be_safe(substeps)

    @property
    def saturated(self) -> float:
        """See `Engine.saturated`."""
        return self._actuators.saturated

    def now(self, before: Instant | None) -> PyBulletInstant:
        """See `Engine.now`."""
        effort = self._actuators.effort.copy()
        world, objects = self._scene.world, self._scene.objects
        return PyBulletInstant(self._client, world, self._body, self._robot, effort, self._period, before, objects)

    def show_inputs(self, inputs: Mapping[str, Array]) -> None:
        """Draw places that are asked for as small spheres."""
        self._markers.show(inputs, lambda: self.now(None))

    def contacts(self) -> Contacts:
        """See `Engine.contacts`."""
        body, others = self._body, 0
        slips: dict[int, list[float]] = {}
        points = [point for world in self._scene.world for point in self._client.getContactPoints(body.index, world)]
        for point in points:
            link, force = point[3], point[9]
            if force <= 0.0 or link in body.resting:  # without a force it is only near
                continue
            if link not in body.feet:
                others += 1
                continue
            state = self._client.getLinkState(body.index, link, computeLinkVelocity=True)
            velocity = np.array(state[6]) + cross(np.array(state[7]), np.subtract(point[5], state[0]))
            slips.setdefault(link, []).append(float(np.hypot(velocity[0], velocity[1])))
        return Contacts(others, list(slips.values()))

    def pose(self, positions: Array, things: Mapping[str, Pose] = MappingProxyType({})) -> None:
        """Put joints and bodies of the scene somewhere, without time passing; for pictures.

        Args:
            positions: Of the joints [rad or m], shape (joints,).
            things: Bodies by name, in the robot's base; those that are not named stay.
        """
        pose(self._client, self._body, positions, self._robot.passive_home)
        base = self.now(None).pose
        for name, there in things.items():
            at = self._client.multiplyTransforms(*base, there.position.tolist(), there.orientation.tolist())
            self._scene.objects[name].put(self._client, Pose(*map(np.array, at)))

    def look(self, name: str) -> Picture:
        """See `Engine.look`."""
        self._strings.show()
        return self._eyes.look(name, self._body)

    def render(self, width: int, height: int) -> np.ndarray:
        """A picture from the side, following a floating base."""
        self._strings.show()
        return self._camera.picture(self.now(None).pose[0], width, height)

    def close(self) -> None:
        """Disconnect from the simulator; once is enough, more do no harm."""
        if not self._closed:
            self._closed = True
            self._client.disconnect()
