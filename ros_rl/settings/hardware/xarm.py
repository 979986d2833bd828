# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver of UFACTORY xArms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError, TimingError
from ros_rl.robot import POSITION, VELOCITY, Robot
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.hardware.checks import check_ipv4
from ros_rl.settings.nodes import ControlSettings

GRIPPER = "gripper"
"""Name of a last joint that is the vendor's gripper."""
_JOINTS = (5, 6, 7)
_MEASURED = frozenset(
    {"joint_position", "joint_velocity", "joint_effort", "tool_position", "tool_orientation", "tool_velocity"}
)
_REPORTS = 100.0  # Hz, of the control box's real-time reports
_FASTEST = 3.1416  # rad/s; the vendor's limit of every joint is 180 degrees/s


@dataclass(frozen=True)
class XarmSettings(BackendSettings):
    """A UFACTORY xArm 5, 6 or 7, through its control box."""

    requires: ClassVar[tuple[str, ...]] = ("xarm",)

    address: str = setting("", "IP address of the control box, as its label says, such as 192.168.1.203")
    control_port: int = setting(502, "its port for control", low=1, high=65535)
    report_port: int = setting(30003, "its port for real-time reports", low=1, high=65535)
    connect_time: float = setting(10.0, "how long it may take to answer at first", unit="s", low=0.5, high=120.0)
    reply_time: float = setting(0.5, "how long it may take to answer a command", unit="s", low=0.02, high=2.0)
    velocity_window: float = setting(
        0.04, "joint velocities are slopes of the positions reported in this time", unit="s", low=0.02, high=0.2
    )

    def __post_init__(self) -> None:
        """Refuse what is no address: the vendor's client takes any other text for a serial port."""
        if self.address:
            check_ipv4("driver.backend.address", self.address, "192.168.1.203")

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: a report for each tick."""
        if control.rate_hz > _REPORTS:
            raise TimingError(
                f"control.rate_hz is {control.rate_hz:g}, but an xArm reports {_REPORTS:g} times a second: "
                f"use at most {_REPORTS:g}"
            )

    def check_given(self) -> None:
        """See `BackendSettings.check_given`: its address."""
        if not self.address:
            raise ConfigError("driver.backend.address is empty; give the control box's, such as 192.168.1.203")

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: an arm that takes joint velocities."""
        name = f"robot '{robot.name}'"
        axes = axes_of(robot)
        if robot.floating_base or axes not in _JOINTS or robot.passive:
            raise ConfigError(
                f"driver 'xarm' moves arms of 5, 6 or 7 joints, and a last joint '{GRIPPER}'; it cannot be {name}"
            )
        if not robot.commanded_by(VELOCITY)[:axes].all():
            raise ConfigError(f"driver 'xarm' takes joint velocities; {name} has command interfaces {robot.interfaces}")
        if axes < robot.size and robot.interfaces[-1] != POSITION:
            raise ConfigError(f"'{GRIPPER}' of {name} is commanded by {robot.interfaces[-1]}; it takes positions")
        fast = robot.limits.velocity[:axes] > _FASTEST
        if fast.any():
            worst = int(fast.argmax())
            raise ConfigError(
                f"{robot.joints[worst]} of {name} has velocity {robot.limits.velocity[worst]:g} rad/s; "
                f"an xArm's joints do at most {_FASTEST:g}"
            )
        others = [sensor for sensor in robot.sensors if sensor not in _MEASURED]
        if others:
            raise ConfigError(
                f"driver 'xarm' cannot measure sensor '{others[0]}' of {name}; "
                f"it measures {', '.join(sorted(_MEASURED))}"
            )


def axes_of(robot: Robot) -> int:
    """Joints of the arm itself, without its gripper."""
    return robot.size - (robot.joints[-1] == GRIPPER)
