# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl look``: what a robot's cameras see in the simulator, as a contact sheet, without ROS or a window."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ros_rl.cli.arguments import add_preset, add_settings
from ros_rl.cli.options import check_task, require, settings_of
from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.runs.camera_sheet import check_sheet, write_camera_sheet
from ros_rl.settings.registry import BACKEND_SETTINGS, DEFAULT_BACKEND

_COLUMNS = 6
_SECONDS = 6.0


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "look",
        help="look through a robot's cameras: a contact sheet of each",
        description="Lets chance, or an expert (--set expert.name=NAME --set expert.share=1), act for some seconds in "
        "the simulator and writes what the robot's cameras saw meanwhile as a contact sheet (PNG).",
    )
    parser.add_argument("task", metavar="TASK", help="see 'ros-rl list'")
    parser.add_argument("--cameras", metavar="NAME,...", help="which of them (default: all that the robot has)")
    seeing = tuple(name for name, kind in BACKEND_SETTINGS.items() if kind.simulated and kind.has_cameras)
    parser.add_argument("--driver", choices=seeing, help=f"simulator (default: {DEFAULT_BACKEND})")
    parser.add_argument("--seconds", type=float, default=_SECONDS, metavar="S", help="how long (default: %(default)g)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the sheet, *.png (default: TASK_cameras.png)")
    add_settings(parser)
    add_preset(parser)
    parser.set_defaults(function=_look)


def _look(options: argparse.Namespace) -> int:
    check_task(options.task)
    sheet = options.out or Path(f"{options.task}_cameras.png")
    check_sheet(sheet)
    plain = settings_of(options)
    robot = load_robot(plain.robot_name)
    names = options.cameras.split(",") if options.cameras else plain.cameras.names or [*robot.optional_cameras]
    if not names:
        raise ConfigError(f"robot '{robot.name}' has no cameras: its file names them in 'cameras'")
    settings = settings_of(options, **{"cameras.names": [*names]})
    require(*settings.driver.backend.requires)
    from ros_rl.runtime.looking import look

    found = look(settings, options.seconds, _COLUMNS)
    write_camera_sheet(sheet, found)
    print(f"{settings.task.name} in {settings.driver.backend_name}, seed {settings.seed}: {', '.join(found)}")
    print(f"{sheet} ({sheet.stat().st_size / 1e3:.0f} kB)")
    return 0
