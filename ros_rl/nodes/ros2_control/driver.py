# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Puts the driver of robots that ros2_control moves together."""

from __future__ import annotations

from ros_rl.backends.backend import EMPTY, Scenario
from ros_rl.backends.ros2_control.backend import NAME, Ros2ControlBackend
from ros_rl.backends.ros2_control.command_process import CommandProcess, CommandSpec
from ros_rl.backends.ros2_control.joint_states import JointStates
from ros_rl.backends.ros2_control.status import Status
from ros_rl.nodes.ros2_control.link import RosLink
from ros_rl.nodes.ros2_control.publishers import COMMANDS, own_name
from ros_rl.robot import Robot
from ros_rl.settings.hardware.ros2_control import Ros2ControlSettings

_SILENT_PERIODS, _SILENT_SECONDS = 2.0, 0.1


def make_driver(
    robot: Robot, settings: Ros2ControlSettings, period: float, scenario: Scenario = EMPTY
) -> Ros2ControlBackend:
    """The driver's backend.

    Args:
        robot: The robot.
        settings: Of this driver.
        period: Control period [s].
        scenario: Is as it is.
    """
    controller, interface = settings.controller_of(robot), robot.interfaces[0]
    measured = ("joint_velocity" in robot.sensors, "joint_effort" in robot.sensors)
    states, status = JointStates(robot.joint_map(NAME), measured, settings.stamp_limit), Status(settings)
    spec = CommandSpec(
        name=own_name(COMMANDS),
        namespace=settings.namespace,
        topic=f"{controller}/commands",
        interface=interface,
        joints=robot.size,
        ramp=robot.command_ramp * period,
        rate_hz=settings.rate_hz,
        priority=settings.priority,
    )
    commands = CommandProcess(spec, silence=max(_SILENT_PERIODS * period, _SILENT_SECONDS))
    link = RosLink(settings, controller, interface, states, status)
    return Ros2ControlBackend(robot, settings, link, commands, states, status)
