# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The options of ``ros-rl``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ros_rl.cli.operate import add_commands
from ros_rl.cli.parser import Parser, add_network
from ros_rl.resources import package_version
from ros_rl.settings.nodes import NODES, EvaluatorSettings, LearnerSettings
from ros_rl.settings.registry import BACKEND_SETTINGS

Command = Callable[[argparse.Namespace], int]


def make_parser(commands_of: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser; ``function`` of what it parses is the command's.

    Args:
        commands_of: What each command calls, by its name; an operator's commands bring it along.
    """
    parser = Parser(prog="ros-rl", description="Let a robot learn its own controller, on ROS 2.")
    parser.add_argument("--version", action="version", version=f"ros-rl {package_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    _add_train(commands)
    _add_run(commands)
    _add_eval(commands)
    _add_export(commands)
    _add_analyse(commands)
    add_commands(commands)
    _add_node(commands)
    commands.add_parser("list", help="list tasks, robots, agents, drivers and presets")
    settings = commands.add_parser("settings", help="print every setting with its value, unit and range")
    settings.add_argument("task", nargs="?", default="a1_walk", metavar="TASK", help="default: a1_walk")
    _add_preset(settings)
    _add_settings(settings)
    for name, function in commands_of.items():
        commands.choices[name].set_defaults(function=function)
    return parser


def _whole(low: int, high: int = 2**31 - 1) -> Callable[[str], int]:
    """Reads a whole number within a range."""

    def read(text: str) -> int:
        if not text.lstrip("-").isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number in [{low}, {high}]")
        return int(text)

    return read


def _add_settings(parser: argparse.ArgumentParser) -> None:
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


def _add_preset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help="settings under a name, read after the task's own, e.g. debug: everything tiny (default: none); see "
        "'ros-rl list'",
    )


def _add_graph(parser: argparse.ArgumentParser, default_minutes: str) -> None:
    _add_settings(parser)
    parser.add_argument("--driver", choices=tuple(BACKEND_SETTINGS), help="what moves the robot (default: pybullet)")
    parser.add_argument(
        "--mode",
        choices=("lock_step", "real_time"),
        help="wait for every answer, or tick by the clock (default: lock_step)",
    )
    parser.add_argument(
        "--robot-minutes", type=float, metavar="MIN", help=f"robot time, in minutes ({default_minutes})"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder (default: runs/<task>_<date>_<time>)")
    parser.add_argument("--namespace", metavar="NAME", help="of all nodes (default: the robot's name)")
    parser.add_argument("--gui", action="store_true", help="open the simulator's window (default: no)")
    add_network(parser)


def _add_agent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--agent",
        type=Path,
        required=True,
        metavar="PATH",
        help="control graph (.onnx), or the folder of a run that learned a model: its networks then act under its own "
        "settings and those of --set, also for another reward or task",
    )


def _add_train(commands: Any) -> None:
    parser = commands.add_parser("train", help="learn a controller")
    parser.add_argument("task", nargs="?", metavar="TASK", help="see 'ros-rl list'; or --env")
    parser.add_argument(
        "--env", metavar="gym:NAME", help="a Gymnasium environment in place of a robot's task, e.g. gym:HalfCheetah-v5"
    )
    parser.add_argument("--agent", metavar="NAME", help="what learns (default: mpc; sac with --env)")
    parser.add_argument(
        "--steps", type=_whole(1), metavar="N", help="environment steps to learn from, in place of --robot-minutes"
    )
    _add_preset(parser)
    _add_graph(parser, f"default: the task's, else {LearnerSettings.robot_minutes:g}")
    parser.add_argument(
        "--eval-every",
        type=int,
        metavar="STEPS",
        help=f"environment steps between evaluations; 0: only at the end "
        f"(default: the task's, else {EvaluatorSettings.every})",
    )
    parser.add_argument(
        "--eval-episodes",
        type=int,
        metavar="N",
        help=f"episodes of every evaluation, the final one too "
        f"(default: the task's, else {EvaluatorSettings.episodes})",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="DIR",
        help="go on from the checkpoint of this run folder, with its settings but those given (default: start anew)",
    )


def _add_run(commands: Any) -> None:
    parser = commands.add_parser("run", help="let a learned controller act")
    parser.add_argument("task", metavar="TASK", help="see 'ros-rl list'")
    _add_agent(parser)
    _add_graph(parser, "default: until Ctrl-C")


def _judges() -> tuple[str, ...]:
    """Backends that a controller can be judged in."""
    return tuple(name for name, backend in BACKEND_SETTINGS.items() if backend.knows_truth)


def _add_eval(commands: Any) -> None:
    parser = commands.add_parser("eval", help="judge a controller in the simulator, without ROS")
    parser.add_argument("task", metavar="TASK", help="see 'ros-rl list'")
    _add_agent(parser)
    parser.add_argument(
        "--episodes",
        type=int,
        metavar="N",
        help=f"number of episodes (default: the task's, else {EvaluatorSettings.final_episodes})",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help=f"length of an episode in seconds (default: the task's, else {EvaluatorSettings.seconds:g})",
    )
    parser.add_argument("--driver", choices=_judges(), help="simulator (default: pybullet)")
    parser.add_argument("--video", type=Path, metavar="FILE", help="GIF of the first episode (default: none)")
    parser.add_argument("--json", action="store_true", help="print JSON (default: rows)")
    _add_settings(parser)


def _add_node(commands: Any) -> None:
    parser = commands.add_parser(
        "node",
        help="run one node in this process, as 'ros2 run ros_rl NODE' does where ROS 2 is installed",
        description="Run one node in this process, as 'ros2 run ros_rl NODE' does where ROS 2 is installed.",
    )
    parser.add_argument("node", choices=NODES, metavar="NODE", help=", ".join(NODES))
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="ROS arguments, e.g. --ros-args -r __ns:=/a1 --params-file runs/mine/config.yaml (default: none)",
    )


def _add_run_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run that learned a model")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a setting of task or planner, e.g. agent.planner.horizon=8; may be given more than once "
        "(default: the run's own)",
    )


def _add_export(commands: Any) -> None:
    parser = commands.add_parser(
        "export",
        help="make a control graph of a run's networks for another reward or planner",
        description="Make a control graph of a run's networks for another reward or planner, without new data.",
    )
    _add_run_settings(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="control graph to write (.onnx)")


def _add_analyse(commands: Any) -> None:
    analyse = commands.add_parser("analyse", help="judge a run's model, or one decision of its planner")
    subjects = analyse.add_subparsers(dest="subject", required=True, metavar="SUBJECT", parser_class=Parser)
    model = subjects.add_parser("model", help="prediction error, calibration and disagreement of a run's model")
    _add_analysis(model, "model", "of the first held-out episode")
    model.add_argument(
        "--episodes", type=_whole(1, 1000), default=5, metavar="N", help="held-out episodes to simulate (default: 5)"
    )
    model.add_argument(
        "--log",
        type=Path,
        metavar="LOG",
        help="MCAP file or folder whose episodes are the held-out data, such as the log/ that 'ros-rl run' left "
        "(default: simulate episodes)",
    )
    model.add_argument(
        "--horizon",
        type=_whole(1, 200),
        default=50,
        metavar="K",
        help="control periods to predict ahead (default: 50)",
    )
    plan = subjects.add_parser("plan", help="one decision: candidates, the plan, and what then really happened")
    _add_analysis(plan, "plan", "of the episode")
    plan.add_argument(
        "--tick",
        type=_whole(0),
        default=40,
        metavar="T",
        help="which decision, in control periods since the episode's start (default: 40)",
    )


def _add_analysis(parser: argparse.ArgumentParser, subject: str, seed_of: str) -> None:
    _add_run_settings(parser)
    parser.add_argument("--seed", type=_whole(0), metavar="S", help=f"seed {seed_of} (default: the run's plus 5000)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help=f"folder of report.json and plots (default: RUN/analysis/{subject})"
    )
