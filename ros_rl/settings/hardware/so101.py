# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver of an SO-101."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.robot import POSITION, Robot
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.hardware.checks import check_gain, check_twice
from ros_rl.settings.nodes import ControlSettings


@dataclass(frozen=True)
class So101Settings(BackendSettings):
    """An arm of Feetech STS3215 servos on one bus, such as the SO-101 and the SO-100."""

    requires: ClassVar[tuple[str, ...]] = ("scservo_sdk",)

    port: str = setting("/dev/ttyACM0", "device of the bus adapter")
    calibration: str | None = setting(
        None, "calibration file as LeRobot writes it (.json); not set: what the servos hold counts, unchecked"
    )
    stall_torque: float = setting(
        1.62,
        "of a servo; limits and loads are shares of it. 1.62: the 7.4 V servo (16.5 kg cm); the 12 V one has 2.94",
        unit="N m",
        low=0.1,
        high=10.0,
    )
    rate_hz: float = setting(100.0, "targets and readings per second", unit="Hz", low=50.0, high=250.0)
    silence_limit: float = setting(
        0.1, "hold and fault when a servo has not answered for this long", unit="s", low=0.02, high=1.0
    )
    temperature_limit: float = setting(
        60.0, "hold and fault when a servo is hotter; it gives up by itself at 70", unit="degC", low=30.0, high=70.0
    )
    load_limit: float = setting(
        0.95, "largest load that may last, in multiples of the torque that a joint may exert", low=0.1, high=2.0
    )
    load_time: float = setting(1.0, "how long it may last", unit="s", low=0.1, high=10.0)
    release_time: float = setting(
        1.5,
        "at the end the servos let go slowly, so that the arm sinks; 0: it stays where it is, under torque",
        unit="s",
        low=0.0,
        high=30.0,
    )
    take_over: bool = setting(False, "take over servos whose torque is on already, at rest where they are")

    def __post_init__(self) -> None:
        """Refuse an empty port."""
        if not self.port.strip():
            raise ConfigError("driver.backend.port is empty; give the adapter's device, such as /dev/ttyACM0")

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: at least two targets in a period."""
        check_twice(self.rate_hz, control.rate_hz)

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: position commands, holding as the safe action, and a servo's id each."""
        others = [name for name, own in zip(robot.joints, robot.interfaces, strict=True) if own != POSITION]
        if others:
            raise ConfigError(f"joint '{others[0]}' of robot '{robot.name}' takes no position commands, as servos do")
        if robot.safety.safe_action == "damp":
            raise ConfigError(f"safety.safe_action of robot '{robot.name}' is 'damp'; servos can 'hold'")
        check_gain(robot, "stiffness")
        known = ("joint_position", "joint_velocity", "joint_effort", "joint_temperature", "tool_position")
        unknown = [name for name in robot.sensors if name not in known]
        if unknown:
            raise ConfigError(f"driver 'so101' has no sensor '{unknown[0]}', which robot '{robot.name}' lists")
        ids = robot.joint_map("so101").names
        numbers = [int(name) if name.isdecimal() else 0 for name in ids]
        for joint, name, number in zip(robot.joints, ids, numbers, strict=True):
            if not 1 <= number <= 252 or numbers.count(number) > 1:
                raise ConfigError(
                    f"hardware.so101.joints.{joint}.name of robot '{robot.name}' is '{name}', "
                    "expected the id of a servo, 1 to 252, each once"
                )
