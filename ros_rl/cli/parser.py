# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How every command reads its options."""

from __future__ import annotations

import argparse
from typing import Any

FAILURE = 1
"""Exit code of a run that failed."""
USAGE = 2
"""Exit code of wrong usage."""
INTERRUPTED = 130
"""Exit code of what was stopped by a signal."""


class Parser(argparse.ArgumentParser):
    """Tells errors in one line, and takes no abbreviated options: a new option would change what they mean."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(allow_abbrev=False, **arguments)

    def error(self, message: str) -> Any:
        """Print the error and exit."""
        self.exit(USAGE, f"ros-rl: error: {message} (see {self.prog} --help)\n")


def add_network(parser: argparse.ArgumentParser) -> None:
    """The option that lets ROS look beyond this machine; `ros_rl.cli.start` acts on it."""
    parser.add_argument(
        "--network",
        action="store_true",
        help="meet ROS processes on other machines, too (default: this machine only, unless "
        "ROS_AUTOMATIC_DISCOVERY_RANGE is set)",
    )
