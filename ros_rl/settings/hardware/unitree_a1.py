# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver of the Unitree A1."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.motors import MotorSettings

_JOINTS = tuple(f"{leg}_{part}_joint" for leg in ("FR", "FL", "RR", "RL") for part in ("hip", "thigh", "calf"))
_FEET = ("FR", "FL", "RR", "RL")
_STEPS = {"stiffness": 1.0 / 32, "damping": 1.0 / 16}
_MOST = {"stiffness": 1024.0, "damping": 2048.0, "effort": 128.0}
"""What the datagrams can say: see `ros_rl.backends.unitree_a1.wire`."""


@dataclass(frozen=True)
class UnitreeA1Settings(MotorSettings):
    """A Unitree A1 in its low-level mode (sport_mode 1.19 or later), over UDP."""

    address: str = setting("192.168.123.10", "IPv4 address of the robot's motor board")
    port: int = setting(8007, "UDP port there", low=1, high=65535)
    local_address: str = setting("", "IPv4 address of this machine to send from; empty: any")
    local_port: int = setting(8080, "UDP port to send from; 0: any", low=0, high=65535)

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        for name, value in (("address", self.address), ("local_address", self.local_address or "0.0.0.0")):
            try:
                ipaddress.IPv4Address(value)
            except ValueError:
                raise ConfigError(
                    f"driver.backend.{name} is '{value}', expected an IPv4 address such as 192.168.123.10"
                ) from None

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: the A1's joints and feet, and gains that its datagrams can say."""
        super().check_robot(robot)
        names = robot.joint_map("unitree_a1").names
        for name, there in zip(robot.joints, names, strict=True):
            if there not in _JOINTS:
                raise ConfigError(
                    f"joint '{name}' of robot '{robot.name}' is '{there}' to driver 'unitree_a1', which has "
                    f"{', '.join(_JOINTS)}; name it in hardware.unitree_a1.joints.{name}.name"
                )
        missing = [name for name in _JOINTS if names.count(name) != 1]
        if missing:
            raise ConfigError(
                f"driver 'unitree_a1' moves 12 joints, and robot '{robot.name}' has {names.count(missing[0])} for "
                f"'{missing[0]}'"
            )
        self._check_feet(robot)
        self._check_gains(robot)

    def _check_feet(self, robot: Robot) -> None:
        if tuple(link[:2] for link in robot.contact_links) != _FEET:
            raise ConfigError(
                f"contact_links of robot '{robot.name}' are {', '.join(robot.contact_links) or 'none'}; driver "
                f"'unitree_a1' measures four, whose names begin with {', '.join(_FEET)} in this order"
            )
        if tuple(robot.legs) != robot.contact_links:
            raise ConfigError(
                f"legs of robot '{robot.name}' are {', '.join(robot.legs) or 'none'}; driver 'unitree_a1' estimates "
                f"the base's velocity by those of {', '.join(robot.contact_links)} in this order"
            )

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
