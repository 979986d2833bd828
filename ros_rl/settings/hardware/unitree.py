# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the drivers of Unitree's quadrupeds share as settings: the joints and feet that these robots have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.motors import MotorSettings

JOINTS = tuple(f"{leg}_{part}_joint" for leg in ("FR", "FL", "RR", "RL") for part in ("hip", "thigh", "calf"))
"""In the order of the motors; named as in the vendor's robot descriptions."""
FEET = ("FR", "FL", "RR", "RL")
"""In the order of the foot sensors."""


_ROUNDED = 1e-3  # rad, between a vendor's limit and what a file may make of it


class UnitreeSettings(MotorSettings):
    """A quadruped of Unitree's."""

    driver: ClassVar[str]
    """The driver's name."""
    ranges: ClassVar[Mapping[str, tuple[float, float]]]
    """Smallest and largest ``stiffness`` [N m/rad], ``damping`` [N m s/rad] and ``effort`` [N m] of a motor."""
    travel: ClassVar[Mapping[str, tuple[float, float]]]
    """Position limits of the vendor's own by the vendor's joint names [rad]."""

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: twelve joints, four feet, and gains and limits that the vendor's allow."""
        super().check_robot(robot)
        self._check_names(robot)
        self._check_gains(robot)
        self._check_travel(robot)

    def _check_names(self, robot: Robot) -> None:
        names = robot.joint_map(self.driver).names
        for name, there in zip(robot.joints, names, strict=True):
            if there not in JOINTS:
                raise ConfigError(
                    f"joint '{name}' of robot '{robot.name}' is '{there}' to driver '{self.driver}', which has "
                    f"{', '.join(JOINTS)}; name it in hardware.{self.driver}.joints.{name}.name"
                )
        for there in JOINTS:
            if names.count(there) != 1:
                raise ConfigError(
                    f"driver '{self.driver}' moves 12 joints, and robot '{robot.name}' has {names.count(there)} for "
                    f"'{there}'"
                )
        if tuple(link[:2] for link in robot.contact_links) != FEET:
            raise ConfigError(
                f"contact_links of robot '{robot.name}' are {', '.join(robot.contact_links) or 'none'}; driver "
                f"'{self.driver}' measures four, whose names begin with {', '.join(FEET)} in this order"
            )

    def _check_gains(self, robot: Robot) -> None:
        gains = {"stiffness": robot.stiffness, "damping": robot.damping, "effort": robot.limits.effort}
        for kind, values in gains.items():
            for name, value in zip(robot.joints, values, strict=True):
                self._check_gain(f"{kind} of joint '{name}'", kind, float(value))
        self._check_gain("safety.damping", "damping", robot.safety.damping)

    def _check_gain(self, what: str, kind: str, value: float) -> None:
        least, most = self.ranges[kind]
        if not least <= value <= most:
            raise ConfigError(f"{what} is {value:g}; driver '{self.driver}' takes {least:g} to {most:g}")

    def _check_travel(self, robot: Robot) -> None:
        """Refuse a joint that may go farther than the vendor lets it; it may go less far."""
        joints, limits = robot.joint_map(self.driver), robot.limits
        ends = joints.position_here(np.array([self.travel[there] for there in joints.names]).T)
        lower, upper = ends.min(axis=0), ends.max(axis=0)
        far = (limits.lower < lower - _ROUNDED) | (limits.upper > upper + _ROUNDED)
        if far.any():
            index = int(far.argmax())
            raise ConfigError(
                f"joint '{robot.joints[index]}' of robot '{robot.name}' may go from {limits.lower[index]:g} to "
                f"{limits.upper[index]:g} rad; the vendor's limits are {lower[index]:g} to {upper[index]:g}"
            )
