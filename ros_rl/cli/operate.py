# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl stop``, ``clear``, ``status`` and their like: an operator's commands, which need no tools of ROS."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from ros_rl.cli.parser import Parser, add_network
from ros_rl.errors import MissingDependencyError, RosRlError
from ros_rl.ros_names import check_namespace

COMMANDS = {
    "stop": "emergency stop, in every state; without --namespace of all drivers there are",
    "clear": "unlatch a driver's fault or emergency stop",
    "arm": "switch a driver's motors on",
    "disarm": "switch a driver's motors off",
    "home": "let the robot go to its home pose and rest there, ready",
    "pause": "let the robot rest, ready",
    "resume": "let the robot go on",
    "status": "print how each node is",
}
"""Commands, and what they do."""
_SERVICES = {
    "stop": "emergency_stop",
    "clear": "clear_fault",
    **{name: name for name in ("arm", "disarm", "home", "pause", "resume")},
}


def add(commands: Any) -> None:
    """Add their parsers, with `operate` as what they call."""
    for name, text in COMMANDS.items():
        parser = commands.add_parser(name, help=text)
        parser.add_argument("--namespace", metavar="NAME", help="of the nodes (default: found by looking)")
        add_network(parser)
        parser.set_defaults(function=operate)


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands without loading the others."""
    parser = Parser(prog="ros-rl")
    add(parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser))
    try:
        return operate(parser.parse_args(arguments))
    except RosRlError as error:
        print(f"ros-rl: error: {error}", file=sys.stderr)
        return 1


def operate(options: argparse.Namespace) -> int:
    """Do what a command says.

    Returns:
        Exit code: 0, or 1 if a driver refused.

    Raises:
        RosRlError: No driver was found, too many were, one is silent, or rclpy is not installed.
    """
    try:
        from ros_rl.nodes import operator
    except ImportError:
        raise MissingDependencyError("rclpy", "ros") from None
    space = f"/{check_namespace(options.namespace)}" if options.namespace is not None else None
    with operator.joined() as node:
        if options.command == "status":
            print(operator.status(node, space))
            return 0
        answers = operator.call(node, _SERVICES[options.command], space, everywhere=options.command == "stop")
    if len(answers) > 1:
        print(f"{len(answers)} drivers run, and all of them were told: {', '.join(answers)}")
    for name, answer in answers.items():
        success, text = answer or (False, "NO ANSWER; use the robot's own stop")
        print(f"{name}: {'' if success else 'refused: ' if answer else ''}{text}", flush=True)
    return 0 if all(answer is not None and answer[0] for answer in answers.values()) else 1
