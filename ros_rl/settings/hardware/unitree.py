# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the drivers of Unitree's quadrupeds share as settings: the joints and feet that these robots have."""

from __future__ import annotations

from typing import ClassVar

from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.motors import MotorSettings

JOINTS = tuple(f"{leg}_{part}_joint" for leg in ("FR", "FL", "RR", "RL") for part in ("hip", "thigh", "calf"))
"""In the order of the motors; named as in the vendor's robot descriptions."""
FEET = ("FR", "FL", "RR", "RL")
"""In the order of the foot sensors."""


class UnitreeSettings(MotorSettings):
    """A quadruped of Unitree's."""

    driver: ClassVar[str]
    """The driver's name."""

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: twelve joints and four feet."""
        super().check_robot(robot)
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
