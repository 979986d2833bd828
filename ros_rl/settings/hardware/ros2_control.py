# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver of robots that ros2_control moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.robot import POSITION, VELOCITY, Robot
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.hardware.checks import check_ros_name, check_twice
from ros_rl.settings.nodes import ControlSettings

_MEASURED = frozenset({"joint_position", "joint_velocity", "joint_effort", "tool_position"})
_CONTROLLERS = {VELOCITY: "forward_velocity_controller", POSITION: "forward_position_controller"}
RESTARTS = {"resend": "io_and_status_controller/resend_robot_program", "play": "dashboard_client/play"}
"""Services that start the robot's program again, by the setting that chooses them."""


@dataclass(frozen=True)
class Ros2ControlSettings(BackendSettings):
    """A robot behind ros2_control, such as a Universal Robots arm behind its ROS driver."""

    requires: ClassVar[tuple[str, ...]] = ("rclpy",)
    measures_effort: ClassVar[bool] = False  # of many robots a current

    namespace: str = setting("", "namespace of the robot's topics and services, such as left_arm; empty: none")
    controller: str = setting(
        "", "forwards commands to the joints; empty: forward_velocity_controller or forward_position_controller"
    )
    joints: tuple[str, ...] | None = setting(
        None, "joints in the controller's order; not set: as its parameter 'joints' says"
    )
    joint_states: str = setting("joint_states", "topic that tells the joints")
    status: str = setting(
        "auto",
        "whether the robot's program and speed scaling are watched; auto: those that are published",
        choices=("auto", "required", "none"),
    )
    program_running: str = setting(
        "io_and_status_controller/robot_program_running", "topic that tells whether the robot's program runs"
    )
    speed_scaling: str = setting(
        "speed_scaling_state_broadcaster/speed_scaling", "topic that tells the speed scaling in per cent"
    )
    lowest_speed: float = setting(
        99.0, "fault when speed scaling is lower: joints no longer do what they are told", unit="%", low=0.0, high=100.0
    )
    restart: str = setting(
        "resend",
        "how arming restarts a program that stopped: resend in headless mode, play in remote control",
        choices=("none", *RESTARTS),
    )
    rate_hz: float = setting(100.0, "set points per second to the controller", unit="Hz", low=20.0, high=1000.0)
    silence_limit: float = setting(
        0.1, "fault when no joint states have come for this long", unit="s", low=0.01, high=1.0
    )
    stamp_limit: float = setting(
        0.1, "fault when joint states are stamped so much earlier or later than before", unit="s", low=0.01, high=10.0
    )
    connect_timeout: float = setting(
        10.0, "how long the controller may take to be found", unit="s", low=1.0, high=120.0
    )
    priority: int = setting(80, "real-time priority of the command node; 0 asks for none", low=0, high=99)

    def __post_init__(self) -> None:
        """Refuse what ROS does not allow as a name, and a share in place of per cent."""
        if 0.0 < self.lowest_speed <= 1.0:
            raise ConfigError(
                f"driver.backend.lowest_speed is {self.lowest_speed:g} %, at which a robot all but stands; "
                f"per cent are meant, such as {100.0 * self.lowest_speed:g}, or 0 for no limit"
            )
        for name in ("namespace", "controller", "joint_states", "program_running", "speed_scaling"):
            value = getattr(self, name)
            if value or name not in ("namespace", "controller"):
                check_ros_name(f"driver.backend.{name}", value)

    def controller_of(self, robot: Robot) -> str:
        """Name of the controller that takes a robot's commands."""
        return self.controller or _CONTROLLERS[robot.interfaces[0]]

    def check_timing(self, control: ControlSettings) -> None:
        """See `BackendSettings.check_timing`: at least two set points in a period."""
        check_twice(self.rate_hz, control.rate_hz)

    def check_robot(self, robot: Robot) -> None:
        """See `BackendSettings.check_robot`: one command interface, velocity or position, and what arms measure."""
        name = f"robot '{robot.name}'"
        if robot.gripper is not None and len(set(robot.interfaces)) > 1:
            raise ConfigError(
                f"driver 'ros2_control' sends to one controller; '{robot.gripper.joint}' of {name} has one of its own "
                "there, which nobody here commands: use driver 'ur_rtde' for a UR with a Robotiq gripper"
            )
        if len(set(robot.interfaces)) > 1 or robot.interfaces[0] not in _CONTROLLERS:
            raise ConfigError(
                f"driver 'ros2_control' sends all joints velocities, or all positions; {name} takes "
                f"{', '.join(sorted(set(robot.interfaces)))}"
            )
        if robot.floating_base or robot.passive:
            raise ConfigError(f"driver 'ros2_control' measures commanded joints and a tool; it cannot be {name}")
        if robot.safety.safe_action == "damp":
            raise ConfigError(f"safety.safe_action of {name} is 'damp'; driver 'ros2_control' can do stop or hold")
        others = [sensor for sensor in robot.sensors if sensor not in _MEASURED]
        if others:
            raise ConfigError(
                f"driver 'ros2_control' cannot measure sensor '{others[0]}' of {name}; "
                f"it measures {', '.join(sorted(_MEASURED))}"
            )
        self._check_names(robot)

    def _check_names(self, robot: Robot) -> None:
        known = robot.joint_map("ros2_control").names
        if self.joints is not None and sorted(self.joints) != sorted(known):
            raise ConfigError(
                f"driver.backend.joints is {', '.join(self.joints) or 'empty'}; robot '{robot.name}' has "
                f"{', '.join(known)} (other names: hardware.ros2_control.joints in its file)"
            )
