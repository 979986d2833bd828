# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl settings``: every setting with its value, unit and range."""

from __future__ import annotations

import argparse
from typing import Any

from ros_rl.cli.arguments import add_preset, add_settings
from ros_rl.cli.options import settings_of
from ros_rl.config import iterate


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("settings", help="print every setting with its value, unit and range")
    parser.add_argument("task", nargs="?", default="a1_walk", metavar="TASK", help="default: a1_walk")
    add_preset(parser)
    add_settings(parser)
    parser.set_defaults(function=_settings)


def _settings(options: argparse.Namespace) -> int:
    for key, value, info in iterate(settings_of(options)):
        shown = repr(value) if isinstance(value, str) else value
        print(f"{key} = {shown}\n    {info.describe()}")
    return 0
