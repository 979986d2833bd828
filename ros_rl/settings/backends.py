# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What moves the robot, as settings: what the rest of the package asks of each, and a driver of somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.ros_names import check_namespace
from ros_rl.sensors.table import without_objects
from ros_rl.settings.nodes import ControlSettings
from ros_rl.settings.sensors import NoiseSettings


@dataclass(frozen=True)
class BackendSettings:
    """A backend's settings and nature; as it stands here, a real robot without either."""

    simulated: ClassVar[bool] = False
    """Whether it may be reset at any time, so that a fault may clear itself."""
    renders: ClassVar[bool] = False
    """Whether it gives pictures."""
    has_cameras: ClassVar[bool] = False
    """Whether its robot's cameras give pictures; else, on hardware, somebody's camera nodes do, on ``watched/...``."""
    knows_truth: ClassVar[bool] = False
    """Whether it tells what really happened, so that a controller can be judged in it."""
    measures_objects: ClassVar[bool] = False
    """Whether it measures a task's objects itself; else somebody else's tracker does, on ``tracked_objects``."""
    measures_effort: ClassVar[bool] = True
    """Whether what it tells as ``joint_effort`` is what the joints exert: no model's figure, and no current."""
    starts_driver: ClassVar[bool] = True
    """Whether a driver node of ours stands before it."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Packages that it imports."""
    drawn_by: ClassVar[str] = ""
    """Module whose `drawing_problem` tells why its cameras would see nothing on this machine; empty: none can."""

    @property
    def latest_picture(self) -> int:
        """Control periods by which pictures of simulated cameras may come late."""
        return 0

    @property
    def guarded(self) -> bool:
        """Whether a guard of ours stands before a driver that somebody else starts."""
        return False

    def check_timing(self, control: ControlSettings) -> None:
        """Refuse timing that cannot work.

        Raises:
            TimingError: Naming the two periods.
        """

    def check_given(self) -> None:
        """Refuse to move a robot without what only its user knows, such as its address.

        Raises:
            ConfigError: Naming what has to be given.
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

    def own_part(self, robot: Robot) -> Robot:
        """The robot with what it measures itself: without what others see, its cameras and objects that are tracked."""
        robot = robot if self.has_cameras else replace(robot, cameras={})
        return robot if self.measures_objects else without_objects(robot)

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
    measures_objects: ClassVar[bool] = True


@dataclass(frozen=True)
class ExternalSettings(BackendSettings):
    """A driver that somebody else starts."""

    starts_driver: ClassVar[bool] = False
    measures_objects: ClassVar[bool] = True
    has_cameras: ClassVar[bool] = True

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
