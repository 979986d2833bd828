# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Calls `ros-rl` in this process."""

from ros_rl.cli import main as cli


def run_cli(capsys, *arguments: str) -> tuple[int, str, str]:
    """Exit code, what was printed, and what was printed as an error."""
    try:
        code = cli.main(arguments)
    except SystemExit as end:
        code = end.code
    printed = capsys.readouterr()
    return code, printed.out, printed.err
