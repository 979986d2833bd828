# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl record``: let an expert or a person show a task, for an agent to learn from."""

from __future__ import annotations

import argparse
import math
from typing import Any

from ros_rl.cli.arguments import add_graph, add_preset, add_teleop, whole
from ros_rl.cli.options import choose_task, settings_of
from ros_rl.cli.runs import start_nodes
from ros_rl.errors import ConfigError
from ros_rl.runs import bringup
from ros_rl.settings.teleop import NONE, implied_by_teleop

_EPISODES = 10


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "record",
        help="let an expert or a person show a task, for an agent to learn from",
        description="Record demonstrations as MCAP, through the topics, the driver and the collector of a training. "
        "ros-rl train --demonstrations DIR learns from them, and so does --agent bc --set agent.log=DIR.",
    )
    parser.add_argument("task", metavar="TASK", help="see 'ros-rl list'")
    parser.add_argument("--expert", metavar="NAME", help="a scripted expert that shows it, see 'ros-rl list experts'")
    add_teleop(parser, "a person who shows it")
    parser.add_argument(
        "--episodes", type=whole(1), default=_EPISODES, metavar="N", help=f"how many (default: {_EPISODES})"
    )
    add_graph(parser, "default: what the episodes take")
    add_preset(parser)
    parser.set_defaults(function=_record, agent=None, env=None)


def _record(options: argparse.Namespace) -> int:
    choose_task(options)
    if (options.expert is None) == (options.teleop is None):
        both = options.expert is not None
        raise ConfigError("who shows it? " + ("one of --expert and --teleop" if both else "--expert NAME or --teleop"))
    implied: dict[str, Any] = {"expert.share": 1.0} if options.expert is not None else {"teleop.episodes": True}
    implied |= implied_by_teleop(options.teleop or NONE, acts=True)
    settings = settings_of(options, implied=implied, **{"expert.name": options.expert, "collector.log": True})
    minutes = options.episodes * settings.task.episode_seconds / 60
    if options.robot_minutes is None and options.teleop is None and math.isfinite(minutes):
        options.robot_minutes = minutes
    return start_nodes(options, settings, bringup.RUN)
