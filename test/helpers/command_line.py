# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Calls `ros-rl` in this process."""

from ros_rl.cli import main as cli
from ros_rl.settings.registry import DEFAULT_TOLD

_TOLD = f"ros-rl: {DEFAULT_TOLD}\n"


def run_cli(capsys, *arguments: str) -> tuple[int, str, str]:
    """Exit code, what was printed, and what as an error, but for the simulator that takes the usual one's place."""
    try:
        code = cli.main(arguments)
    except SystemExit as end:
        code = end.code
    printed = capsys.readouterr()
    return code, printed.out, printed.err.removeprefix(_TOLD)
