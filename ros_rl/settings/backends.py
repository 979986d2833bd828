# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What moves the robot, as settings: each backend's own, and what the rest of the package asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError, MissingDependencyError, TimingError
from ros_rl.plugins import MUJOCO_SENSORS_GROUP, PYBULLET_SENSORS_GROUP, SENSORS_GROUP, find_plugins
from ros_rl.robot import Robot
from ros_rl.robot.model import check_model
from ros_rl.ros_names import check_namespace
from ros_rl.scenes import GROUND, check_scene, read_scene
from ros_rl.settings.nodes import ControlSettings
from ros_rl.settings.world import WorldSettings

TRUTH, ESTIMATED = ODOMETRY = ("truth", "estimated")
_OF_JOINTS = ("joint_position", "joint_velocity", "joint_effort")  # sensors


@dataclass(frozen=True)
class BackendSettings:
    """A backend's settings and nature; as it stands here, a real robot without either."""

    simulated: ClassVar[bool] = False
    """Whether it may be reset at any time, so that a fault may clear itself."""
    renders: ClassVar[bool] = False
    """Whether it gives pictures."""
    knows_truth: ClassVar[bool] = False
    """Whether it tells what really happened, so that a controller can be judged in it."""
    starts_driver: ClassVar[bool] = True
    """Whether a driver node of ours stands before it."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Packages that it imports."""

    @property
    def guarded(self) -> bool:
        """Whether a guard of ours stands before a driver that somebody else starts."""
        return False

    def check_timing(self, control: ControlSettings) -> None:
        """Refuse timing that cannot work.

        Raises:
            TimingError: Naming the two periods.
        """

    def check_robot(self, robot: Robot) -> None:
        """Refuse a robot that it cannot be.

        Raises:
            ConfigError: Naming what it lacks.
        """

    def check_scene(self, name: str, objects: Sequence[str]) -> None:
        """Refuse a scene that it cannot be in.

        Args:
            name: Of the scene.
            objects: Names of what moves there and is observed.

        Raises:
            ConfigError: Naming what is wrong with it.
        """

    def sensor_noise(self) -> NoiseSettings | None:
        """The noise that it adds to its sensors; None if it adds none."""
        return None

    def headless(self) -> BackendSettings:
        """The same without a window."""
        return self

    def windowed(self) -> BackendSettings | None:
        """The same with a window that shows the robot; None where there is no such window."""
        return None


@dataclass(frozen=True)
class SimulatorSettings(BackendSettings):
    """What all simulators are."""

    simulated: ClassVar[bool] = True
    knows_truth: ClassVar[bool] = True


@dataclass(frozen=True)
class NoiseSettings:
    """Standard deviation of white noise that the simulator adds to its sensors at every tick."""

    joint_position: float = setting(0.01, "joint position noise", unit="rad", low=0.0)
    joint_velocity: float = setting(0.5, "joint velocity noise", unit="rad/s", low=0.0)
    orientation: float = setting(0.02, "orientation noise, each axis", unit="rad", low=0.0)
    angular_velocity: float = setting(0.1, "gyro noise", unit="rad/s", low=0.0)
    linear_velocity: float = setting(0.1, "odometry velocity noise", unit="m/s", low=0.0)
    height: float = setting(0.01, "odometry height noise", unit="m", low=0.0)
    tool_position: float = setting(0.001, "tool position noise, each axis", unit="m", low=0.0)
    tool_orientation: float = setting(0.002, "tool orientation noise, each axis", unit="rad", low=0.0)
    tool_velocity: float = setting(0.01, "tool velocity noise, each axis", unit="m/s", low=0.0)
    contact_force: float = setting(0.5, "contact force noise", unit="N", low=0.0)
    object_position: float = setting(0.002, "noise of objects' positions, each axis", unit="m", low=0.0)
    object_orientation: float = setting(0.01, "noise of objects' orientations, each axis", unit="rad", low=0.0)
    object_velocity: float = setting(0.02, "noise of objects' velocities, each axis", unit="m/s", low=0.0)


@dataclass(frozen=True)
class OdometrySensors:
    """What a simulated robot's odometry is made of, where it is estimated.

    White noise at every reading is that of an A1 in legged_state_estimator (mayataka), biases and leaning are drawn per
    episode: a calibrated MEMS IMU (`docs/how_it_works.md`).
    """

    rate_hz: float = setting(250.0, "how often they are read", unit="Hz", low=20.0, high=5000.0)
    accelerometer: float = setting(0.1, "accelerometer noise", unit="m/s^2", low=0.0)
    accelerometer_bias: float = setting(0.05, "accelerometer bias, each axis", unit="m/s^2", low=0.0)
    gyro: float = setting(0.01, "gyro noise", unit="rad/s", low=0.0)
    gyro_bias: float = setting(0.005, "gyro bias, each axis", unit="rad/s", low=0.0)
    orientation: float = setting(0.002, "orientation noise, each axis", unit="rad", low=0.0)
    tilt_bias: float = setting(0.01, "error of roll and pitch that lasts", unit="rad", low=0.0)
    joint_position: float = setting(0.001, "joint position noise", unit="rad", low=0.0)
    joint_velocity: float = setting(0.1, "joint velocity noise", unit="rad/s", low=0.0)
    touch: float = setting(10.0, "force from which a foot bears weight", unit="N", low=0.0)
    release: float = setting(5.0, "force below which it no longer does", unit="N", low=0.0)
    contact_delay: float = setting(0.004, "how late contacts are known", unit="s", low=0.0, high=0.1)


@dataclass(frozen=True)
class PhysicsSettings(SimulatorSettings):
    """A robot in a physics engine."""

    renders: ClassVar[bool] = True
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
    odometry: str = setting(
        "truth",
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

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: whole physics steps in a period, and a latency below it."""
        steps = self.physics_rate_hz / control.rate_hz
        if abs(steps - round(steps)) > 1e-9:
            raise TimingError(
                f"control period {control.period * 1e3:g} ms is not a multiple of the physics step "
                f"{1e3 / self.physics_rate_hz:g} ms (driver.backend.physics_rate_hz {self.physics_rate_hz:g}, "
                f"control.rate_hz {control.rate_hz:g})"
            )
        if self.latency >= control.period:
            raise TimingError(
                f"driver.backend.latency {self.latency} s is not below the control period {control.period} s; "
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


@dataclass(frozen=True)
class PyBulletSettings(PhysicsSettings):
    """A robot in PyBullet."""

    name: ClassVar[str] = "pybullet"
    sensors_group: ClassVar[str] = PYBULLET_SENSORS_GROUP
    requires: ClassVar[tuple[str, ...]] = ("pybullet",)

    solver_iterations: int = setting(20, "contact solver iterations per simulation step", low=1, high=500)
    gui: bool = setting(False, "open the simulator's window")

    def __post_init__(self) -> None:
        """Refuse what PyBullet has no means for."""
        super().__post_init__()
        if self.world.armature[1]:
            raise ConfigError(
                f"driver.backend.world.armature is {list(self.world.armature)}, but PyBullet knows no inertia of "
                "rotors; allowed: [0.0, 0.0], or --driver mujoco"
            )

    def headless(self) -> PyBulletSettings:
        """See `BackendSettings.headless`."""
        return replace(self, gui=False)

    def windowed(self) -> PyBulletSettings:
        """See `BackendSettings.windowed`."""
        return replace(self, gui=True)


@dataclass(frozen=True)
class MujocoSettings(PhysicsSettings):
    """A robot in MuJoCo."""

    name: ClassVar[str] = "mujoco"
    sensors_group: ClassVar[str] = MUJOCO_SENSORS_GROUP
    requires: ClassVar[tuple[str, ...]] = ("mujoco",)

    impratio: float = setting(
        100.0, "stiffness of friction over that of contacts: how little a foot creeps", low=1.0, high=1000.0
    )
    contact_time: float = setting(
        0.02,
        "time constant in which the robot's contacts push back (MuJoCo's solref, its default); less is harder ground",
        unit="s",
        low=4e-4,
        high=0.5,
    )
    contact_give: float = setting(
        0.05,
        "share of a load that a contact 1 mm deep gives way to, twice as much at its surface (1 - MuJoCo's solimp)",
        low=1e-3,
        high=0.4,
    )

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: MuJoCo cannot follow contacts of less than two physics steps."""
        super().check_timing(control)
        shortest = 2.0 / self.physics_rate_hz
        if self.contact_time < shortest - 1e-9:
            raise TimingError(
                f"driver.backend.contact_time {self.contact_time:g} s is below two physics steps, {shortest:g} s "
                f"(driver.backend.physics_rate_hz {self.physics_rate_hz:g})"
            )

    def check_scene(self, name: str, objects: Sequence[str]) -> None:
        """See `BackendSettings.check_scene`: it is made of simple shapes and the ground."""
        super().check_scene(name, objects)
        for body in read_scene(name).bodies:
            shape = body.mesh or (body.urdf if body.urdf != GROUND else None)
            if shape is not None:
                raise ConfigError(
                    f"driver 'mujoco' cannot be in scene '{name}', which has '{shape}'; it knows box, sphere, cylinder "
                    f"and {GROUND}"
                )


@dataclass(frozen=True)
class MockSettings(SimulatorSettings):
    """A tiny linear robot for tests."""

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: it has commanded joints and nothing else."""
        if robot.floating_base or robot.tool_frame or robot.passive:
            raise ConfigError(f"driver 'mock' measures commanded joints only; it cannot be robot '{robot.name}'")
        others = [name for name in robot.sensors if name not in _OF_JOINTS]
        if others:
            raise ConfigError(f"driver 'mock' has no sensor '{others[0]}', which robot '{robot.name}' lists")


@dataclass(frozen=True)
class ExternalSettings(BackendSettings):
    """A driver that somebody else starts."""

    starts_driver: ClassVar[bool] = False

    guard: bool = setting(
        True, "our filter, guards and latch stand in front of it; false: it has its own, and is the run's driver itself"
    )
    namespace: str = setting("external", "where a guarded driver is, below the run's namespace")

    def __post_init__(self) -> None:
        """Refuse a namespace that ROS does not allow, or that is the run's own."""
        if not self.below:
            raise ConfigError("driver.backend.namespace is empty, where the guard itself is; use external")

    @property
    def guarded(self) -> bool:
        """See `BackendSettings.guarded`."""
        return self.guard

    @property
    def below(self) -> str:
        """The namespace without slashes around it."""
        return check_namespace(self.namespace)


OWN_BACKEND_SETTINGS: dict[str, type[BackendSettings]] = {
    "pybullet": PyBulletSettings,
    "mujoco": MujocoSettings,
    "mock": MockSettings,
    "external": ExternalSettings,
}
"""By the backends' names, those of this package; `ros_rl.settings.registry` has all."""
