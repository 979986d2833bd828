# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl run``: let a learned controller act."""

from __future__ import annotations

import argparse
from typing import Any

from ros_rl.cli.arguments import add_agent, add_graph
from ros_rl.cli.options import agent_of
from ros_rl.cli.runs import start_nodes
from ros_rl.runs import bringup


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("run", help="let a learned controller act")
    parser.add_argument("task", metavar="TASK", help="see 'ros-rl list'")
    add_agent(parser)
    add_graph(parser, "default: until Ctrl-C")
    parser.set_defaults(function=_run)


def _run(options: argparse.Namespace) -> int:
    settings, agent = agent_of(options, **{"controller.explore": 0.0})
    return start_nodes(options, settings, bringup.RUN, agent=agent)
