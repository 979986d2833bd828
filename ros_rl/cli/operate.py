# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl stop``, ``clear``, ``status`` and their like: an operator's commands, which need no tools of ROS."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from ros_rl.cli.operators import COMMANDS
from ros_rl.cli.parser import Parser, add_network
from ros_rl.errors import MissingDependencyError, NodeSilentError, RosRlError
from ros_rl.ros_names import check_namespace

_SERVICES = {
    "stop": "emergency_stop",
    "clear": "clear_fault",
    **{name: name for name in ("arm", "disarm", "home", "pause", "resume")},
}
_LETS_MOVE = ("arm", "home", "resume")
_OWN_STOP = "use the robot's own stop"
_NO_ANSWER = (
    f"NO ANSWER: the driver hangs, or its process has just begun or ended; {_OWN_STOP}. What it sent last expires "
    "after driver.command_holds control periods, and a robot then stops by itself"
)


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
            from ros_rl.nodes.node_status import status

            print(status(node, space))
            return 0
        answers = _call(node, options.command, space)
        faulty = options.command == "arm" and any([_tripped(node, *item) for item in answers.items()])
    for name, answer in answers.items():
        if answer is None:
            print(f"{name}: {_NO_ANSWER}", flush=True)
    return 0 if not faulty and all(answer is not None and answer[0] for answer in answers.values()) else 1


def _call(node: Any, command: str, space: str | None) -> dict[str, tuple[bool, str] | None]:
    """What the drivers answer; None for those that hang, which can mostly not be discovered.

    What lets a robot move waits until it is known that no other driver may be meant; all else is done first.
    """
    from ros_rl.nodes import operator

    stops = command == "stop"
    if command in _LETS_MOVE and space is None:
        from ros_rl.nodes.roll_call import refuse_to_guess

        refuse_to_guess(node)
    try:
        answers = operator.call(node, _SERVICES[command], space, everywhere=stops, listener=_Told())
    except NodeSilentError as error:
        answers = dict.fromkeys(_hanging(node, space))
        if not answers:
            raise NodeSilentError(f"{error}; nothing was stopped: {_OWN_STOP}" if stops else str(error)) from None
        return answers
    if len(answers) > 1:
        print(f"{len(answers)} drivers run, and all of them were told: {', '.join(answers)}")
    return dict.fromkeys(_hanging(node, None)) | answers if space is None and command not in _LETS_MOVE else answers


def _hanging(node: Any, space: str | None) -> list[str]:
    from ros_rl.nodes.roll_call import hanging_drivers  # in a hurry nobody waits for this

    return hanging_drivers(node, space)


def _tripped(node: Any, namespace: str, answer: tuple[bool, str] | None) -> bool:
    """Whether a robot that was armed cannot be led, which is said."""
    from ros_rl.nodes.after_arming import fault_after_arming

    reason = fault_after_arming(node, namespace) if answer is not None and answer[0] else ""
    if reason:
        print(f"{namespace}: FAULT: {reason}; then: ros-rl clear, ros-rl arm", flush=True)
    return bool(reason)


class _Told:
    """Prints what comes of a call, as it comes."""

    def answered(self, namespace: str, success: bool, text: str) -> None:
        """See `ros_rl.nodes.operator.Listener`."""
        print(f"{namespace}: {'' if success else 'refused: '}{text}", flush=True)

    def waits(self) -> None:
        """See `ros_rl.nodes.operator.Listener`."""
        print(f"ros-rl: no driver found yet; {_OWN_STOP} if it has to stop now", file=sys.stderr, flush=True)
