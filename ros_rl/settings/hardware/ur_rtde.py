# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of a Universal Robots arm without ROS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError
from ros_rl.robot import VELOCITY, Robot
from ros_rl.robot.hardware import Hardware
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.hardware.checks import check_host, check_twice
from ros_rl.settings.hardware.robotiq import RobotiqSettings
from ros_rl.settings.nodes import ControlSettings

_JOINTS = 6
_FASTEST = 2.0 * math.pi  # rad/s; a UR3e's wrist, and no joint of any UR more (the vendor's data sheets)
_MEASURED = {
    "joint_position",
    "joint_velocity",
    "joint_effort",
    "joint_temperature",
    "tool_position",
    "tool_orientation",
    "tool_velocity",
}


@dataclass(frozen=True)
class UrRtdeSettings(BackendSettings):
    """A UR of the CB3 or the e-Series, with a Robotiq gripper or without: velocities by ur_rtde, measured by RTDE."""

    requires: ClassVar[tuple[str, ...]] = ("rtde_control",)
    measures_effort: ClassVar[bool] = False  # the controller's own model

    address: str = setting("127.0.0.1", "address of the robot; its ports are fixed (29999, 30003, 30004, 30011)")
    rate_hz: float = setting(
        125.0, "velocities sent and states received per second; at most 125 with a CB3", unit="Hz", low=50.0, high=500.0
    )
    watchdog_hz: float = setting(
        10.0, "the robot stops by itself when it hears less often than this", unit="Hz", low=2.0, high=50.0
    )
    stop_acceleration: float = setting(
        10.0, "how fast the leading joint brakes when nothing may act", unit="rad/s^2", low=0.5, high=40.0
    )
    silence_limit: float = setting(
        0.1, "fault when the robot has sent no state for this long", unit="s", low=0.02, high=1.0
    )
    speed_scaling: float = setting(
        0.98, "fault when the robot slows motion to less than this share (speed slider)", low=0.0, high=1.0
    )
    temperature_limit: float = setting(
        75.0,
        "fault when a joint is hotter. Ours: the vendor names 0 to 50 degC around the arm, and no figure for joints",
        unit="degC",
        low=30.0,
        high=120.0,
    )
    remote_control: bool = setting(
        True, "refuse an e-Series robot that is not in remote control; a simulated controller may say it never is"
    )
    base_yaw: float = setting(
        math.pi,
        "heading of the controller's base in the robot's base frame: pi for base_link, 0 for base",
        unit="rad",
        low=-math.pi,
        high=math.pi,
    )
    connect_timeout: float = setting(3.0, "how long the robot may take to answer", unit="s", low=0.1, high=30.0)
    arm_timeout: float = setting(10.0, "how long its program may take to start", unit="s", low=1.0, high=60.0)
    priority: int = setting(80, "real-time priority of the arm's process; 0 asks for none", low=0, high=99)
    gripper: RobotiqSettings = group(RobotiqSettings, "a Robotiq gripper, where the robot's file has a gripper")

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        check_host("driver.backend.address", self.address, "192.168.0.10")

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: several commands in a period, and several in the watchdog's time."""
        for what, other in (("control.rate_hz", control.rate_hz), ("driver.backend.watchdog_hz", self.watchdog_hz)):
            check_twice(self.rate_hz, other, what)

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: six joints with velocity commands, and a gripper behind them or none."""
        axes = axes_of(robot)
        if axes != _JOINTS or robot.passive:
            raise ConfigError(
                f"driver 'ur_rtde' moves an arm of {_JOINTS} joints, and a gripper as its last joint; robot "
                f"'{robot.name}' has {robot.size + len(robot.passive)}"
            )
        arm = zip(robot.joints[:axes], robot.interfaces[:axes], strict=True)
        others = [name for name, own in arm if own != VELOCITY]
        if others:
            raise ConfigError(
                f"joint '{others[0]}' of robot '{robot.name}' takes no velocity commands, as driver 'ur_rtde' sends"
            )
        fast = robot.limits.velocity[:axes] > _FASTEST
        if fast.any():
            worst = int(fast.argmax())
            raise ConfigError(
                f"joint '{robot.joints[worst]}' of robot '{robot.name}' has velocity {robot.limits.velocity[worst]:g} "
                f"rad/s; a UR's joints do at most {_FASTEST:g}"
            )
        if axes < robot.size:
            _check_gripper(robot)
        measured = _MEASURED if axes == robot.size else _MEASURED - {"joint_temperature"}
        unknown = [name for name in robot.sensors if name not in measured]
        if unknown:
            raise ConfigError(f"driver 'ur_rtde' has no sensor '{unknown[0]}', which robot '{robot.name}' lists")


def axes_of(robot: Robot) -> int:
    """Joints of the arm itself, without a gripper that is its last joint."""
    return robot.size - (robot.gripper is not None and robot.joints[-1] == robot.gripper.joint)


def _check_gripper(robot: Robot) -> None:
    joint = robot.joints[-1]
    if joint in robot.hardware.get("ur_rtde", Hardware()).joints:
        raise ConfigError(
            f"hardware.ur_rtde.joints of robot '{robot.name}' has '{joint}', a gripper, whose positions "
            "driver.backend.gripper.open_count and closed_count say"
        )
