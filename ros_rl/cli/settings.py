# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl settings``: every setting with its value, unit and range."""

from __future__ import annotations

import argparse
from typing import Any

from ros_rl.cli.arguments import add_driver, add_preset, add_settings, add_task
from ros_rl.cli.options import check_agent, choose_task, settings_of
from ros_rl.config import iterate
from ros_rl.tasks.gym_task import GymTask

_TASK = "a1_walk"


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("settings", help="print every setting with its value, unit and range")
    add_task(parser, default=_TASK)
    parser.add_argument("--agent", metavar="NAME", help="what learns (default: the task's; sac with --env)")
    add_driver(parser)
    add_preset(parser)
    add_settings(parser)
    parser.set_defaults(function=_settings)


def _settings(options: argparse.Namespace) -> int:
    check_agent(options.agent)
    if options.task is None and options.env is None:
        options.task = _TASK
    choose_task(options)
    settings = settings_of(options, **{"agent.name": options.agent})
    if not isinstance(settings.task, GymTask):
        settings.observation_spec(settings.load_robot(moves=False))  # refuses what robot and task cannot have together
    for key, value, info in iterate(settings):
        shown = repr(value) if isinstance(value, str) else value
        print(f"{key} = {shown}\n    {info.describe()}")
    return 0
