# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl bringup``: a robot with its driver, to look at and to drive by hand; no task, no agent, no learner."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ros_rl.cli.arguments import add_settings, add_teleop
from ros_rl.cli.options import settings_of
from ros_rl.cli.parser import add_network
from ros_rl.cli.runs import start_nodes
from ros_rl.runs import bringup
from ros_rl.settings.registry import BACKEND_SETTINGS, DEFAULT_BACKEND
from ros_rl.tasks.bring_up import BringUp


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "bringup",
        help="bring a robot up, to look at it and to drive it by hand",
        description="Start a robot's driver, disarmed, until Ctrl-C: its states are published, and ros-rl arm, home, "
        "stop and the others work. With --teleop a person moves its joints. There is no task, agent or learner.",
    )
    parser.add_argument("robot", metavar="ROBOT", help="a name of 'ros-rl list robots', or a YAML file")
    parser.add_argument(
        "--driver", choices=tuple(BACKEND_SETTINGS), help=f"what moves the robot (default: {DEFAULT_BACKEND})"
    )
    add_teleop(parser, "a person drives the joints")
    add_settings(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder (default: runs/bringup_<robot>_<date>)")
    parser.add_argument("--namespace", metavar="NAME", help="of all nodes (default: the robot's name)")
    parser.add_argument("--gui", action="store_true", help="open the simulator's window (default: no)")
    add_network(parser)
    parser.set_defaults(function=_bring_up, task=BringUp.name, agent=None, robot_minutes=None)


def _bring_up(options: argparse.Namespace) -> int:
    settings = settings_of(options, implied=bringup.implied(options.teleop), robot=options.robot)
    return start_nodes(options, settings, bringup.BRING_UP)
