# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Unitree A1 as a backend."""

from __future__ import annotations

from ros_rl.backends.backend import Scenario
from ros_rl.backends.legged_odometry import LeggedOdometry
from ros_rl.backends.motor_process import LeggedBackend
from ros_rl.backends.unitree_a1.bus import A1Bus
from ros_rl.robot import Robot
from ros_rl.settings.hardware.unitree_a1 import UnitreeA1Settings


class UnitreeA1Backend(LeggedBackend):
    """An A1 in its low-level mode. Tried against its stand-in only; no robot yet.

    Args:
        robot: The robot.
        settings: Addresses, ports and limits.
        period: Control period [s].
        scenario: Of no meaning to a robot.
    """

    def __init__(self, robot: Robot, settings: UnitreeA1Settings, period: float, scenario: Scenario) -> None:
        super().__init__(robot, A1Bus, settings, period, LeggedOdometry)
