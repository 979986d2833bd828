# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What ``ros-rl`` does before it loads anything: it hurries for an operator, looks after Ctrl-C, and keeps ROS here."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ros_rl.cli.operators import COMMANDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; until a command takes over, a signal ends it at once.

    Args:
        arguments: Without the program's name; None for the process's own.

    Returns:
        Exit code, see `ros_rl.cli.main.main`.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    operates = bool(given) and given[0] in COMMANDS
    if operates:
        _hurry()
    from ros_rl.cli.parser import INTERRUPTED
    from ros_rl.runs import signals
    from ros_rl.runs.discovery import set_discovery

    signals.end_at_once(INTERRUPTED, "ros-rl: interrupted")
    set_discovery(os.environ, network="--network" in given)
    if operates:
        from ros_rl.cli.operate import main as run  # without loading the rest
    else:
        from ros_rl.cli.main import main as run
    code = run(given)
    signals.ignore()
    return code


def _hurry() -> None:
    """A stop waits for nothing that computes, where the user may have real-time priority; nor does what moves wait."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (AttributeError, OSError):
        pass
