# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What ``ros-rl`` does before it loads anything: it looks after Ctrl-C, and keeps ROS on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ros_rl.cli.parser import INTERRUPTED
from ros_rl.runs import signals
from ros_rl.runs.discovery import set_discovery


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; until a command takes over, a signal ends it at once.

    Args:
        arguments: Without the program's name; None for the process's own.

    Returns:
        Exit code, see `ros_rl.cli.main.main`.
    """
    signals.end_at_once(INTERRUPTED, "ros-rl: interrupted")
    given = list(sys.argv[1:] if arguments is None else arguments)
    set_discovery(os.environ, network="--network" in given)
    from ros_rl.cli import operate

    if given and given[0] in operate.COMMANDS:
        code = operate.main(given)  # without loading the rest: a stop is in a hurry
    else:
        from ros_rl.cli.main import main as run

        code = run(given)
    signals.ignore()
    return code
