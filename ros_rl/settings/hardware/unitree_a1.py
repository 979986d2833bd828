# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver of the Unitree A1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.checks import check_ipv4
from ros_rl.settings.hardware.unitree import UnitreeSettings

_STEPS = {"stiffness": 1.0 / 32, "damping": 1.0 / 16}
_MOST = {"stiffness": 1024.0, "damping": 2048.0, "effort": 128.0}
"""What the datagrams can say: see `ros_rl.backends.unitree_a1.wire`."""


@dataclass(frozen=True)
class UnitreeA1Settings(UnitreeSettings):
    """A Unitree A1 in its low-level mode (sport_mode 1.19 or later), over UDP."""

    driver: ClassVar[str] = "unitree_a1"

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
        """See `BackendSettings.check_robot`: the A1's joints and feet, and gains that its datagrams can say."""
        super().check_robot(robot)
        if tuple(robot.legs) != robot.contact_links:
            raise ConfigError(
                f"legs of robot '{robot.name}' are {', '.join(robot.legs) or 'none'}; driver 'unitree_a1' estimates "
                f"the base's velocity by those of {', '.join(robot.contact_links)} in this order"
            )
        self._check_gains(robot)

    def _check_gains(self, robot: Robot) -> None:
        gains = {"stiffness": robot.stiffness, "damping": robot.damping, "effort": robot.limits.effort}
        for kind, values in gains.items():
            for name, value in zip(robot.joints, values, strict=True):
                _check_gain(f"{kind} of joint '{name}'", kind, float(value))
        _check_gain("safety.damping", "damping", robot.safety.damping)


def _check_gain(what: str, kind: str, value: float) -> None:
    least = _STEPS.get(kind, 0.0)
    if not least <= value < _MOST[kind]:
        raise ConfigError(f"{what} is {value:g}; driver 'unitree_a1' can send {least:g} to below {_MOST[kind]:g}")
