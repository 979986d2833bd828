# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which configuration RViz shows a robot with, and in which frame."""

from __future__ import annotations

from pathlib import Path

from ros_rl.resources import share_path
from ros_rl.robot import Robot
from ros_rl.sensors.table import ODOM_FRAME

_MOVES, _STANDS = "legged", "arm"
"""Files that serve robots that have none of their own, by whether the base moves."""


def configuration(robot: Robot) -> Path:
    """The robot's own file, or that of those like it."""
    folder = share_path("config", "rviz")
    own = folder / f"{robot.name}.rviz"
    return own if own.is_file() else folder / f"{_MOVES if robot.floating_base else _STANDS}.rviz"


def fixed_frame(robot: Robot) -> str:
    """What stands still in the picture; it goes before the file's own."""
    return ODOM_FRAME if robot.floating_base else robot.base_frame
