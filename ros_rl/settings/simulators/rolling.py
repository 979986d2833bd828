# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the simulator of a ball that rolls on two wheels between walls, seen by a camera above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError, TimingError, UnknownNameError
from ros_rl.floor_plan import floor_plan
from ros_rl.robot import VELOCITY, Robot
from ros_rl.settings.backends import SimulatorSettings
from ros_rl.settings.cameras import FrameSettings
from ros_rl.settings.nodes import ControlSettings

MEASURED = ("joint_position", "joint_velocity", "base_position", "heading_estimate")
"""Sensors of a ball whose wheels nothing measures, simulated or real."""


@dataclass(frozen=True)
class BallSettings:
    """A ball with two motors inside; `ros_rl.backends.rolling.ball` says how it moves."""

    radius: float = setting(0.04, "of the ball", unit="m", low=0.005, high=0.5)
    wheel: float = setting(0.03, "radius of its wheels", unit="m", low=0.005, high=0.5)
    track: float = setting(0.08, "distance between them", unit="m", low=0.01, high=1.0)
    lag: float = setting(0.15, "time constant in which wheels follow a power", unit="s", low=1e-3, high=2.0)


@dataclass(frozen=True)
class RollingSettings(SimulatorSettings):
    """A ball that rolls on two wheels in a walled place, seen by a camera above. Its heading is measured by nobody."""

    renders: ClassVar[bool] = True
    has_cameras: ClassVar[bool] = True

    ball: BallSettings = group(BallSettings, "the ball")
    latency: float = setting(0.1, "from a command to its power at the motors", unit="s", low=0.0, high=0.5)
    strength: tuple[float, float] = setting(
        (1.0, 1.0), "share of its speed that a wheel makes, drawn per episode for each", low=0.1, high=2.0
    )
    camera_noise: float = setting(0.003, "noise of its place, each axis", unit="m", low=0.0, high=0.5)
    camera_latency: float = setting(0.06, "age of the newest picture", unit="s", low=0.0, high=0.5)
    camera_lost: float = setting(
        0.0, "share of the pictures in which it is not seen: then it is where it was seen last", low=0.0, high=0.9
    )
    frames: FrameSettings = group(FrameSettings, "pictures of the robot's cameras")

    def __post_init__(self) -> None:
        """Check what spans two values."""
        if self.strength[0] > self.strength[1]:
            raise ConfigError(
                f"driver.backend.strength is {list(self.strength)}: its first, the lowest, is above its second"
            )

    @property
    def latest_picture(self) -> int:
        """See `BackendSettings.latest_picture`."""
        return self.frames.late[1]

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: a latency below the period."""
        if self.latency >= control.period:
            raise TimingError(
                f"driver.backend.latency {self.latency:g} s is not below the control period {control.period:g} s; "
                "use control.delay for whole periods"
            )

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: cameras look straight down."""
        check_two_wheels("rolling", robot)
        if any(self.frames.turn[:2]):
            raise ConfigError(
                f"driver.backend.frames.turn is {list(self.frames.turn)}, but driver 'rolling' sees from straight "
                "above; allowed: [0.0, 0.0, any]"
            )
        for name, camera in robot.cameras.items():
            (x, y, z), (u, v, w) = camera.position, camera.target
            z -= self.frames.shift[2]
            if (x, y) != (u, v) or z <= w or z <= self.ball.radius or camera.depth:
                raise ConfigError(
                    f"driver 'rolling' sees from straight above, without depth; camera '{name}' of robot "
                    f"'{robot.name}' looks from {[*camera.position]} to {[*camera.target]}"
                    f"{' with depth' if camera.depth else ''}"
                )

    def check_scene(self, name: str, objects: Sequence[str]) -> None:
        """See `BackendSettings.check_scene`: walls and whatever else stands there, and room for the ball to start."""
        plan = floor_plan(name, self.ball.radius)
        if objects:
            raise UnknownNameError(f"object of scene '{name}'", objects[0], ())
        if not plan.is_free(np.zeros(2)):
            body = plan.bodies[int(np.argmin(plan.clearance(np.zeros(2))))]
            place = ", ".join(f"{value:g}" for value in body.position[:2])
            raise ConfigError(
                f"scene '{name}': what stands at ({place}) m is where the ball starts, within {self.ball.radius:g} m "
                "of (0, 0) m"
            )


def check_two_wheels(driver: str, robot: Robot) -> None:
    """Refuse a robot that is no ball on two wheels.

    Raises:
        ConfigError: Naming what is wrong with it.
    """
    if robot.size != 2 or len(robot.endless) != 2 or not robot.commanded_by(VELOCITY).all():
        raise ConfigError(
            f"driver '{driver}' moves two endless wheels by their velocities; it cannot be robot '{robot.name}'"
        )
    others = [sensor for sensor in robot.sensors if sensor not in MEASURED]
    if others:
        raise ConfigError(
            f"driver '{driver}' cannot measure sensor '{others[0]}' of robot '{robot.name}'; it measures "
            f"{', '.join(MEASURED)}"
        )
