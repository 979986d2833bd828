# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl``: train, run, evaluate, export and analyse controllers, and list what there is."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ros_rl.cli import (
    analyse,
    bringup,
    check,
    doctor,
    drive,
    eval,
    export,
    list,
    look,
    node,
    operate,
    plot,
    record,
    render,
    run,
    settings,
    stand_in,
    teleop,
    train,
    validate,
)
from ros_rl.cli.parser import FAILURE, INTERRUPTED, USAGE, Parser
from ros_rl.errors import ConfigError, RosRlError, RunFolderError, UnknownNameError
from ros_rl.resources import package_version

READER_GONE = 141
"""Exit code when nobody reads what is printed any more, as of a process that SIGPIPE ends."""
_USAGE_ERRORS = (ConfigError, UnknownNameError, RunFolderError)
_COMMANDS = (
    train,
    record,
    run,
    eval,
    render,
    look,
    drive,
    validate,
    export,
    analyse,
    plot,
    check,
    doctor,
    bringup,
    teleop,
    operate,
    node,
    list,
    settings,
    stand_in,
)
"""Modules of commands, in the order in which help shows them; each adds its parser with its function."""


def make_parser() -> argparse.ArgumentParser:
    """The parser; ``function`` of what it parses is what the command calls."""
    parser = Parser(prog="ros-rl", description="Let a robot learn its own controller, on ROS 2.")
    parser.add_argument("--version", action="version", version=f"ros-rl {package_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for module in _COMMANDS:
        module.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; None for the process's own.

    Returns:
        Exit code: 0, 1 if the run failed, 2 for wrong usage or settings, 130 if it was interrupted,
        141 if nobody reads what it prints.
    """
    try:
        options = make_parser().parse_args(arguments)
        code = int(options.function(options))
        print(end="", flush=True)
        return code
    except BrokenPipeError:  # who read it has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except OSError as error:
        named = f"{error.filename}: " if error.filename is not None else ""
        print(f"ros-rl: error: {named}{error.strerror or error}", file=sys.stderr)
        return FAILURE
    except RosRlError as error:
        print(f"ros-rl: error: {' '.join(str(error).splitlines())}", file=sys.stderr)
        return USAGE if isinstance(error, _USAGE_ERRORS) else FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
