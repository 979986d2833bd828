# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The fast loop of robots whose motors take a position, gains and a torque: a process of its own.

It follows the driver's targets by its own clock, and damps the robot by itself when they end, or the driver does.
"""

from __future__ import annotations

from ros_rl.backends.motor_process.backend import MotorBackend
from ros_rl.backends.motor_process.bus import MotorBus, MotorCommand, MotorState
from ros_rl.backends.motor_process.legged import LeggedBackend
from ros_rl.backends.motor_process.process import MotorProcess
from ros_rl.backends.motor_process.spec import MotorSpec

__all__ = ["LeggedBackend", "MotorBackend", "MotorBus", "MotorCommand", "MotorProcess", "MotorSpec", "MotorState"]
