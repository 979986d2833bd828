# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The simulated body behind a stand-in: PyBullet, a short step at a time, without noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ros_rl.backends.backend import Scenario, Truth
from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.robot import Robot
from ros_rl.settings.sensors import NoiseSettings
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.types import Array, Measurement, Pose

_WHERE = ("object_position", "object_orientation")
_QUIET = NoiseSettings(**{name: 0.0 for name in vars(NoiseSettings())})


class Body:
    """A robot in PyBullet whose time passes in `step` alone.

    Args:
        robot: Whose body.
        interface: What `step` commands, ``effort``, ``velocity`` or ``position``, whatever the robot's drivers take;
            or that of each joint.
        rate_hz: Steps per second [Hz].
        scene: Name of a file in `sim/scenes`.
        friction: Of the feet.
        seed: Of the start.
        sensors: What is measured; none for what the robot's file lists.
        objects: Bodies of the scene whose places are measured, too.
        substeps: Of physics in a step; fingers that hold something want 2 ms or less.
    """

    def __init__(
        self,
        robot: Robot,
        interface: str | tuple[str, ...],
        rate_hz: float = 500.0,
        scene: str = "plane",
        friction: float = 1.0,
        seed: int = 0,
        sensors: tuple[str, ...] = (),
        objects: tuple[str, ...] = (),
        substeps: int = 1,
    ) -> None:
        self.robot = replace(
            robot,
            interfaces=(interface,) * robot.size if isinstance(interface, str) else interface,
            command_ramp=0.0,
            sensors=(*(sensors or robot.sensors), *(_WHERE if objects else ())),
            optional_sensors=(),
            objects=objects,
        )
        settings = PyBulletSettings(
            physics_rate_hz=rate_hz * substeps,
            friction_low=friction,
            friction_high=friction,
            reset_noise=0.0,
            noise=_QUIET,
        )
        self.period = 1.0 / rate_hz
        """Of a step [s]."""
        self._world = PyBulletBackend(self.robot, settings, self.period, Scenario(scene, seed))
        self._seed = seed
        self.measurement: Measurement = self.reset()
        """The newest."""

    def reset(self) -> Measurement:
        """Put it into its home pose."""
        self.measurement = self._world.begin(np.random.default_rng(self._seed))
        return self.measurement

    def step(self, command: Array) -> Measurement:
        """Let one step pass under a command, shape (joints,), in the interface that was asked for."""
        self.measurement = self._world.step(command, command)
        return self.measurement

    @property
    def things(self) -> Mapping[str, Pose]:
        """Where the objects were at the end of the last step, in the robot's base; from any thread."""
        if not self.robot.objects:
            return {}
        positions, turns = (self.measurement[name].reshape(len(self.robot.objects), -1) for name in _WHERE)
        return {name: Pose(*pose) for name, *pose in zip(self.robot.objects, positions, turns, strict=True)}

    @property
    def weight(self) -> float:
        """Of the robot [N]."""
        return self._world.weight

    def carry(self, position: Array, orientation: Array) -> None:
        """Hold its base at a place in the world [m] and a quaternion xyzw for this instant, as a person would."""
        self._world.carry(position, orientation)

    def truth(self) -> Truth:
        """What really happens."""
        return self._world.truth()

    def picture(self, width: int = 320, height: int = 240) -> np.ndarray:
        """An RGB picture, uint8 (height, width, 3)."""
        return self._world.render(width, height)

    def close(self) -> None:
        """Release the simulator."""
        self._world.close()
