# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of a robot in PyBullet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.plugins import PYBULLET_SENSORS_GROUP
from ros_rl.settings.simulators.physics import PhysicsSettings


@dataclass(frozen=True)
class PyBulletSettings(PhysicsSettings):
    """A robot in PyBullet."""

    name: ClassVar[str] = "pybullet"
    sensors_group: ClassVar[str] = PYBULLET_SENSORS_GROUP
    requires: ClassVar[tuple[str, ...]] = ("pybullet",)

    solver_iterations: int = setting(20, "contact solver iterations per simulation step", low=1, high=500)
    samples: int = setting(
        1, "a pixel of a camera's picture is the mean of so many by so many, as a lens makes it", low=1, high=4
    )
    mesh_cell: float = setting(
        0.02,
        "while cameras look, meshes of the robot are drawn as coarse as a grid of this cell; 0: as they are",
        unit="m",
        low=0.0,
        high=0.1,
        before=0.0,
    )
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
