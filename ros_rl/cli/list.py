# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl list``: what there is."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from ros_rl.cli import listing
from ros_rl.cli.columns import columns

Row = tuple[str, ...]
"""What the columns of a line show."""
SECTIONS: dict[str, Callable[[], Iterator[Row]]] = {
    "tasks": listing.tasks,
    "environments": listing.environments,
    "robots": listing.robots,
    "agents": listing.agents,
    "experts": listing.experts,
    "models": listing.models,
    "drivers": listing.drivers,
    "scenes": listing.scenes,
    "presets": listing.presets,
    "tuned": listing.tuned,
    "variants": listing.variants,
    "sensors": listing.sensors,
    "fields": listing.fields,
    "inputs": listing.inputs,
    "measures": listing.measures,
}


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("list", help="list what there is: tasks, robots, agents, observation fields, ...")
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        type=_section,
        help=f"of {', '.join(SECTIONS)} (default: all)",
    )
    parser.set_defaults(function=_list)


def _section(text: str) -> str:
    if text not in SECTIONS:
        raise argparse.ArgumentTypeError(f"unknown section '{text}'; valid: {', '.join(SECTIONS)}")
    return text


def _list(options: argparse.Namespace) -> int:
    for title in options.sections or SECTIONS:
        print(f"{title}:")
        print(*columns(SECTIONS[title]()), sep="\n")
    return 0
