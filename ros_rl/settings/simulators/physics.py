# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings that all physics engines share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError, MissingDependencyError, TimingError
from ros_rl.plugins import SENSORS_GROUP, find_plugins
from ros_rl.robot import Robot
from ros_rl.robot.model import check_model
from ros_rl.scenes import check_scene, read_scene
from ros_rl.settings.backends import SimulatorSettings
from ros_rl.settings.cameras import FrameSettings, LampSettings
from ros_rl.settings.nodes import ControlSettings
from ros_rl.settings.sensors import ESTIMATED, ODOMETRY, TRUTH, NoiseSettings, OdometrySensors
from ros_rl.settings.world import WorldSettings


@dataclass(frozen=True)
class PhysicsSettings(SimulatorSettings):
    """A robot in a physics engine."""

    renders: ClassVar[bool] = True
    has_cameras: ClassVar[bool] = True
    name: ClassVar[str]
    sensors_group: ClassVar[str]
    """Entry points by which other packages say how their sensors are measured there."""

    physics_rate_hz: float = setting(500.0, "simulation steps per second", unit="Hz", low=50.0, high=5000.0)
    friction_low: float = setting(0.5, "lowest foot friction, drawn per episode", low=0.05, high=3.0)
    friction_high: float = setting(1.25, "highest foot friction, drawn per episode", low=0.05, high=3.0)
    reset_noise: float = setting(0.05, "joint positions at reset: home +- this", unit="rad", low=0.0, high=1.0)
    latency: float = setting(0.0, "actuation latency inside the period, besides the delay", unit="s", low=0.0, high=0.2)
    world: WorldSettings = group(WorldSettings, "what differs from the model, drawn per episode")
    noise: NoiseSettings = group(NoiseSettings, "sensor noise")
    frames: FrameSettings = group(FrameSettings, "pictures of cameras")
    lamp: LampSettings = group(LampSettings, "the light in which they see")
    odometry: str = setting(
        TRUTH,
        "what base velocity and position are: the truth with noise, or estimated as on a robot with legs",
        choices=ODOMETRY,
    )
    odometry_sensors: OdometrySensors = group(OdometrySensors, "what is estimated from")

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        if self.friction_low > self.friction_high:
            raise ConfigError(
                f"driver.backend.friction_low {self.friction_low} is above "
                f"driver.backend.friction_high {self.friction_high}"
            )
        touch, release = self.odometry_sensors.touch, self.odometry_sensors.release
        if release > touch:
            key = "driver.backend.odometry_sensors"
            raise ConfigError(f"{key}.release {release} is above {key}.touch {touch}")

    @property
    def latest_picture(self) -> int:
        """See `BackendSettings.latest_picture`."""
        return self.frames.late[1]

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: whole physics steps in a period, and a latency below it."""
        steps = self.physics_rate_hz / control.rate_hz
        if abs(steps - round(steps)) > 1e-9:
            raise TimingError(
                f"control period {control.period * 1e3:g} ms is not a multiple of the physics step "
                f"{1e3 / self.physics_rate_hz:g} ms (driver.backend.physics_rate_hz {self.physics_rate_hz:g}, "
                f"control.rate_hz {control.rate_hz:g})"
            )
        more = self.world.latency[1]
        if self.latency + more >= control.period:
            drawn = f" with up to {more} s of driver.backend.world.latency" if more else ""
            raise TimingError(
                f"driver.backend.latency {self.latency} s{drawn} is not below the control period {control.period} s; "
                "use control.delay for whole periods"
            )
        self.world.check_timing(self.physics_rate_hz)

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: it needs a URDF that fits, and sensors that are measured there."""
        if robot.simulation is None:
            raise ConfigError(
                f"driver '{self.name}' needs a URDF; the file of robot '{robot.name}' has no 'simulation'"
            )
        if self.odometry == ESTIMATED and not robot.legs:
            raise ConfigError(
                f"driver.backend.odometry is '{ESTIMATED}', and the file of robot '{robot.name}' has no 'legs' to "
                "estimate from; use truth"
            )
        self.world.check_robot(robot)
        measured = find_plugins(self.sensors_group)
        for name in find_plugins(SENSORS_GROUP):  # it measures all of ros_rl's own
            if name in robot.sensors and name not in measured:
                raise ConfigError(
                    f"driver '{self.name}' cannot measure sensor '{name}' of robot '{robot.name}': no entry point of "
                    f"{self.sensors_group} has its name"
                )
        try:
            check_model(robot)
        except MissingDependencyError:
            pass  # a machine without PyBullet cannot tell, and runs nodes that need none of it

    def check_scene(self, name: str, objects: Sequence[str]) -> None:
        """See `BackendSettings.check_scene`: its file and those that it names; a terrain lies in its floor's place."""
        check_scene(name, objects)
        if self.world.terrain.uneven and len(read_scene(name).bodies) > 1:
            raise ConfigError(
                f"driver.backend.world.terrain.kinds is {list(self.world.terrain.kinds)}, but scene '{name}' has more "
                "than a floor; allowed: flat, slippery"
            )

    def sensor_noise(self) -> NoiseSettings:
        """See `BackendSettings.sensor_noise`: an estimate has its errors already, of no known size."""
        return replace(self.noise, linear_velocity=0.0, height=0.0) if self.odometry == ESTIMATED else self.noise
