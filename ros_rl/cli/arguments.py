# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Options that several commands of ``ros-rl`` share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from ros_rl.cli.parser import add_network
from ros_rl.settings.registry import BACKEND_SETTINGS, DEFAULT_BACKEND
from ros_rl.settings.teleop import DEVICES, NONE


def whole(low: int, high: int = 2**31 - 1) -> Callable[[str], int]:
    """What reads a whole number within a range."""

    def read(text: str) -> int:
        if not text.lstrip("-").isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number in [{low}, {high}]")
        return int(text)

    return read


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not a share in [0, 1]")
    return value


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes above 0")
    return value


def add_task(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """A robot's task, or a Gymnasium environment.

    Args:
        parser: Of the command.
        default: The task without either; None: one of both must be given.
    """
    text = "see 'ros-rl list'; or --env" if default is None else f"or --env (default: {default})"
    parser.add_argument("task", nargs="?", metavar="TASK", help=text)
    parser.add_argument(
        "--env",
        metavar="gym:NAME",
        help="a Gymnasium environment in place of a robot's task, e.g. gym:HalfCheetah-v5, or gym:MODULE:FUNCTION for "
        "what a function or a class of your own gives",
    )
    parser.add_argument(
        "--env-args",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an argument that the environment is made with, its value as YAML has it; may be given more than once "
        "(default: the environment's own)",
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Seed, settings and parameters files."""
    parser.add_argument("--seed", type=int, help="seed of every random number (default: 0)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a setting, e.g. control.rate_hz=50; may be given more than once; 'ros-rl settings' lists all",
    )
    parser.add_argument(
        "--params-file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="ROS parameters file, read after the task's own and a preset; may be given more than once, the later over "
        "the earlier (default: none)",
    )


def add_preset(parser: argparse.ArgumentParser) -> None:
    """A preset."""
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help="settings under a name, read after the task's own, e.g. debug: everything tiny, or td7: an agent's tuned "
        "ones (default: none); see 'ros-rl list'",
    )


def add_driver(parser: argparse.ArgumentParser) -> None:
    """What moves the robot."""
    parser.add_argument(
        "--driver", choices=tuple(BACKEND_SETTINGS), help=f"what moves the robot (default: {DEFAULT_BACKEND})"
    )


def add_graph(parser: argparse.ArgumentParser, default_minutes: str) -> None:
    """What the nodes of a robot run with.

    Args:
        parser: Of the command.
        default_minutes: Says how long it takes without ``--robot-minutes``.
    """
    add_settings(parser)
    add_driver(parser)
    parser.add_argument(
        "--mode",
        choices=("lock_step", "real_time"),
        help="wait for every answer, or tick by the clock (default: lock_step; on hardware real_time)",
    )
    parser.add_argument(
        "--robot-minutes", type=_minutes, metavar="MIN", help=f"robot time, in minutes ({default_minutes})"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder (default: runs/<task>_<date>_<time>)")
    parser.add_argument("--namespace", metavar="NAME", help="of all nodes (default: the robot's name)")
    parser.add_argument("--gui", action="store_true", help="open the simulator's window (default: no)")
    add_network(parser)


def add_teleop(parser: argparse.ArgumentParser, text: str) -> None:
    """A person who drives.

    Args:
        parser: Of the command.
        text: What that means there.
    """
    devices = [name for name in DEVICES if name != NONE]
    parser.add_argument("--teleop", choices=devices, help=f"{text}; keys of this terminal, or sensor_msgs/Joy on joy")


def add_agent(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """The control graph that acts.

    Args:
        parser: Of the command.
        required: Whether there has to be one.
    """
    parser.add_argument(
        "--agent",
        type=Path,
        required=required,
        metavar="PATH",
        help="control graph (.onnx), or a run's folder: its networks then act under its own settings and those of "
        "--set, and those of a planner also for another reward or task",
    )


def add_agent_or_shipped(parser: argparse.ArgumentParser) -> None:
    """The same for commands that take the agent that ships for the task where none is given."""
    parser.add_argument(
        "--agent",
        type=Path,
        metavar="PATH",
        help="control graph (.onnx), or a run's folder (default: the agent that ships for the task)",
    )


def add_run_settings(parser: argparse.ArgumentParser) -> None:
    """A run and settings in place of its own."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a setting of task or planner, e.g. agent.planner.horizon=8; may be given more than once "
        "(default: the run's own)",
    )
