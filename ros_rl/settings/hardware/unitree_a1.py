# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver of the Unitree A1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.checks import check_ipv4
from ros_rl.settings.hardware.unitree import JOINTS, UnitreeSettings

_PARTS = {"hip": (-0.802, 0.802), "thigh": (-1.05, 4.19), "calf": (-2.7, -0.916)}  # rad; a1_const.h of the SDK


@dataclass(frozen=True)
class UnitreeA1Settings(UnitreeSettings):
    """A Unitree A1 in its low-level mode (sport_mode 1.19 or later), over UDP."""

    driver: ClassVar[str] = "unitree_a1"
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "stiffness": (1.0 / 32, 1024.0 - 1.0 / 32),
        "damping": (1.0 / 16, 2048.0 - 1.0 / 16),
        "effort": (0.0, 128.0 - 1.0 / 256),
    }
    """What the datagrams can say: see `ros_rl.backends.unitree_a1.wire`."""
    travel: ClassVar[Mapping[str, tuple[float, float]]] = {name: _PARTS[name.split("_")[1]] for name in JOINTS}

    address: str = setting("192.168.123.10", "IPv4 address of the robot's motor board")
    port: int = setting(8007, "UDP port there", low=1, high=65535)
    local_address: str = setting("", "IPv4 address of this machine to send from; empty: any")
    local_port: int = setting(8080, "UDP port to send from; 0: any", low=0, high=65535)

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        check_ipv4("driver.backend.address", self.address, "192.168.123.10")
        if self.local_address:
            check_ipv4("driver.backend.local_address", self.local_address, "192.168.123.162")

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: the legs of its feet."""
        super().check_robot(robot)
        if tuple(robot.legs) != robot.contact_links:
            raise ConfigError(
                f"legs of robot '{robot.name}' are {', '.join(robot.legs) or 'none'}; driver 'unitree_a1' estimates "
                f"the base's velocity by those of {', '.join(robot.contact_links)} in this order"
            )
