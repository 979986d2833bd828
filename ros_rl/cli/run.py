# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl run``: let a learned controller act, or a person."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ros_rl.cli.agents import agent_of
from ros_rl.cli.arguments import add_agent, add_graph, add_preset, add_task, add_teleop, whole
from ros_rl.cli.environments import run_in_gym
from ros_rl.cli.options import choose_task, settings_of
from ros_rl.cli.runs import start_nodes
from ros_rl.errors import ConfigError
from ros_rl.runs import bringup
from ros_rl.runs.video import check_video
from ros_rl.settings.teleop import NONE, implied_by_teleop

_OF_ENVIRONMENTS = ("episodes", "video")


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("run", help="let a learned controller act, or drive by hand")
    add_task(parser)
    add_agent(parser, required=False)
    add_teleop(parser, "a person drives the joints; with --agent that acts, as long as the person holds the switch")
    parser.add_argument(
        "--episodes",
        type=whole(1),
        metavar="N",
        help="with --env: how many (default: until Ctrl-C; 1 with --video)",
    )
    parser.add_argument(
        "--video",
        type=Path,
        metavar="FILE",
        help="with --env: a film, *.gif or *.mp4, in place of the environment's window",
    )
    add_graph(parser, "default: until Ctrl-C")
    add_preset(parser)
    parser.set_defaults(function=_run)


def _run(options: argparse.Namespace) -> int:
    if options.video is not None:
        check_video(options.video)
    choose_task(options, "out", of_environments=_OF_ENVIRONMENTS)
    if options.agent is None and (options.teleop is None or options.env is not None):
        raise ConfigError("who is to act? --agent FILE" + (" or --teleop keyboard" if options.env is None else ""))
    if options.env is not None:
        return run_in_gym(options)
    implied = implied_by_teleop(options.teleop or NONE, acts=options.agent is None)
    if options.agent is None:
        return start_nodes(options, settings_of(options, implied=implied), bringup.RUN)
    settings, agent = agent_of(options, implied=implied, **{"controller.explore": 0.0})
    return start_nodes(options, settings, bringup.RUN, agent=agent)
