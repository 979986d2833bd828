# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of a robot in MuJoCo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError, TimingError
from ros_rl.plugins import MUJOCO_SENSORS_GROUP
from ros_rl.scenes import GROUND, read_scene
from ros_rl.settings.nodes import ControlSettings
from ros_rl.settings.simulators.physics import PhysicsSettings


@dataclass(frozen=True)
class MujocoSettings(PhysicsSettings):
    """A robot in MuJoCo."""

    name: ClassVar[str] = "mujoco"
    sensors_group: ClassVar[str] = MUJOCO_SENSORS_GROUP
    requires: ClassVar[tuple[str, ...]] = ("mujoco",)
    drawn_by: ClassVar[str] = "ros_rl.backends.mujoco.client"

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
