# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots in MuJoCo: a second opinion on what was learned in PyBullet, and the simulator where PyBullet is not."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.backend import EMPTY, Scenario
from ros_rl.backends.engine import Contacts
from ros_rl.backends.instant import Instant, check_measures
from ros_rl.backends.mujoco.camera import Camera
from ros_rl.backends.mujoco.conditions import Conditioner
from ros_rl.backends.mujoco.drives import Drives
from ros_rl.backends.mujoco.eyes import Eyes
from ros_rl.backends.mujoco.instant import MEASURES, MujocoInstant
from ros_rl.backends.mujoco.world import World
from ros_rl.backends.simulated_robot import SimulatedRobot
from ros_rl.backends.starts import Place
from ros_rl.backends.world.conditions import Conditions
from ros_rl.backends.world.terrain import Terrain
from ros_rl.cameras.feed import Picture
from ros_rl.robot import Robot
from ros_rl.settings.simulators.mujoco import MujocoSettings
from ros_rl.types import Array, Pose


class MujocoBackend(SimulatedRobot):
    """One robot in a MuJoCo world.

    Args:
        robot: See `SimulatedRobot`.
        settings: Physics, friction, noise.
        period: Control period [s].
        scenario: What is around it.

    Raises:
        ConfigError: MuJoCo cannot load the robot, or nobody can measure one of its sensors.
    """

    measures = MEASURES

    def __init__(
        self,
        robot: Robot,
        settings: MujocoSettings,
        period: float,
        scenario: Scenario = EMPTY,
    ) -> None:
        super().__init__(robot, settings, period, scenario)
        check_measures("mujoco", robot, MEASURES)
        settings.check_scene(scenario.scene, robot.objects)
        self._world = World(robot, settings, scenario.scene)
        self._drives = Drives(self._world, robot)
        self._conditioner = Conditioner(self._world, robot, settings)
        self._camera = Camera(self._world, robot)
        self._eyes = Eyes(self._world.model, robot)

    def place(self, place: Place, passive: Array, conditions: Conditions, rng: np.random.Generator) -> None:
        """See `Engine.place`."""
        self._conditioner.load(conditions)
        self.condition(conditions)
        self._drives.reset()
        self._world.reset(place, passive, rng)

    def condition(self, conditions: Conditions) -> None:
        """See `Engine.condition`."""
        self._conditioner.apply(conditions)
        self._drives.condition(conditions)

    @property
    def entangled(self) -> bool:
        """See `Engine.entangled`."""
        return self._world.entangled

    def follow(self, targets: Array) -> None:
        """See `Engine.follow`."""
        self._drives.follow(targets)

    def push(self, change: Array) -> None:
        """See `Engine.push`."""
        self._world.push(change)

    def lay(self, terrain: Terrain | None) -> None:
        """See `Engine.lay`."""
        if self._world.field is not None:
            self._world.field.lay(terrain)
            self._camera.close()  # they drew what was there before
            self._eyes.close()

    def move_field(self, pose: Pose) -> None:
        """See `Engine.move_field`."""
        assert self._world.field is not None
        self._world.field.move(pose)

    @property
    def foot_places(self) -> Array:
        """See `Engine.foot_places`."""
        return self._world.data.xpos[self._world.feet, :2].copy()

    def grip(self, friction: Array) -> None:
        """See `Engine.grip`."""
        self._conditioner.grip(friction)

    def be_safe(self, substeps: int) -> None:
        """See `Engine.be_safe`."""
        self._drives.be_safe(substeps)

    @property
    def saturated(self) -> float:
        """See `Engine.saturated`."""
        return self._drives.saturated

    def now(self, before: Instant | None) -> MujocoInstant:
        """See `Engine.now`."""
        return MujocoInstant(self._world, self._robot, self._drives.effort.copy(), self._period, before)

    def contacts(self) -> Contacts:
        """See `Engine.contacts`."""
        others, slips = 0, dict[int, list[float]]()
        for contact in self._world.contacts():
            if not contact.still or contact.force <= 0.0 or self._world.stands_still(contact.link):
                continue
            if contact.link in self._world.feet:
                slips.setdefault(contact.link, []).append(self._world.slip(contact))
            else:
                others += 1
        return Contacts(others, list(slips.values()))

    def look(self, name: str) -> Picture:
        """See `Engine.look`."""
        return self._eyes.look(name, self._world.data)

    def render(self, width: int, height: int) -> np.ndarray:
        """A picture from the side, following a floating base."""
        return self._camera.picture(width, height)

    def close(self) -> None:
        """Release what draws; once is enough, more do no harm."""
        self._camera.close()
        self._eyes.close()
