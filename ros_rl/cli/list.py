# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl list``: what there is."""

from __future__ import annotations

import argparse
from typing import Any

from ros_rl.robot import robot_names
from ros_rl.settings.presets import preset_titles, tuned_settings
from ros_rl.settings.registry import AGENT_NAMES, BACKEND_SETTINGS
from ros_rl.tasks import TASKS


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("list", help="list tasks, robots, agents, drivers and presets")
    parser.set_defaults(function=_list)


def _list(options: argparse.Namespace) -> int:
    rows = {
        "tasks": [f"{name}  ({task.robot}) {_first_line(task)}" for name, task in sorted(TASKS.items())],
        "environments": ["gym:NAME  any of Gymnasium's (train --env)"],
        "robots": robot_names(),
        "agents": list(AGENT_NAMES),
        "drivers": list(BACKEND_SETTINGS),
        "presets": [f"{name}  {title}" for name, title in preset_titles().items()],
        "tuned settings (--preset)": [
            f"{name}  {it.title}\n      {it.measured}" for name, it in tuned_settings().items()
        ],
    }
    for title, items in rows.items():
        print(f"{title}:")
        for item in items:
            print(f"  {item}")
    return 0


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]
