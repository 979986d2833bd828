# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl teleop``: this terminal's keys, beside a robot that runs elsewhere."""

from __future__ import annotations

import argparse
from typing import Any

from ros_rl.cli.options import require
from ros_rl.cli.parser import INTERRUPTED, add_network
from ros_rl.ros_names import check_namespace
from ros_rl.runs.signals import stop_event
from ros_rl.teleop.console import Console


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "teleop",
        help="drive by this terminal's keys, or hold the dead man's switch",
        description="The keyboard of a person, for a driver that runs already: it drives the joints where that was "
        "started with --teleop keyboard (or teleop:=keyboard), is the dead man's switch where driver.dead_man says "
        "topic, and calls the driver's services. A key counts while it is held; without one the robot rests.",
    )
    parser.add_argument("--namespace", metavar="NAME", help="of the driver (default: found by looking)")
    add_network(parser)
    parser.set_defaults(function=_teleop)


def _teleop(options: argparse.Namespace) -> int:
    space = f"/{check_namespace(options.namespace)}" if options.namespace is not None else None
    console = Console()
    require("rclpy")
    from ros_rl.nodes.operator import find_driver, joined
    from ros_rl.nodes.roll_call import refuse_to_guess
    from ros_rl.nodes.station import drive

    stop = stop_event()
    with joined() as node:
        found = find_driver(node, space)
        if space is None:
            refuse_to_guess(node)
    with joined(namespace=found, name="keyboard") as node, console:
        drive(console, node, stop)
    return INTERRUPTED
