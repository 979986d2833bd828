# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl validate``: an agent's file in a second simulator, or against a robot's log, before it meets the robot."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ros_rl.cli.agents import agent_of, is_run
from ros_rl.cli.arguments import add_preset, add_settings, share, whole
from ros_rl.cli.eval import judges
from ros_rl.cli.options import require
from ros_rl.cli.parser import FAILURE
from ros_rl.errors import ConfigError
from ros_rl.tasks.gym_task import GymTask

_EPISODES, _OF_LOG = 10, 1
_SHARE, _STATISTIC = 0.8, 0.5


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("validate", help="an agent in a second simulator, or against a robot's log")
    parser.add_argument("agent", type=Path, metavar="AGENT", help="control graph (.onnx), or a run's folder")
    parser.add_argument(
        "--driver",
        dest="simulator",
        choices=judges(),
        default="mujoco",
        metavar="NAME",
        help="the second simulator (default: mujoco)",
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="LOG",
        help="MCAP file, folder of them or run of what a robot did with it: hold the simulator against that (default: "
        "two simulators against each other)",
    )
    parser.add_argument(
        "--episodes",
        type=whole(1),
        metavar="N",
        help=f"number of episodes in each simulator (default: {_EPISODES}; with --log {_OF_LOG})",
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="length of an episode (default: the task's)")
    parser.add_argument(
        "--share",
        type=share,
        metavar="P",
        help=f"least share of episodes that must succeed in the second simulator (default: {_SHARE:g})",
    )
    parser.add_argument(
        "--difference",
        type=share,
        metavar="D",
        help="with --log: largest distance between two distribution functions that is still alike, 0 to 1 "
        f"(default: {_STATISTIC:g})",
    )
    parser.add_argument("--json", action="store_true", help="print JSON (default: one screen)")
    add_settings(parser)
    add_preset(parser)
    parser.set_defaults(function=_validate)


def _validate(options: argparse.Namespace) -> int:
    options.task = _task_of(options)
    settings, agent = agent_of(options, **{"evaluator.seconds": options.seconds})
    from ros_rl.analysis.validation import compared, from_log, in_simulator, simulate
    from ros_rl.analysis.validation_screen import to_mapping, validation_screen
    from ros_rl.deploy.onnx_graph import OnnxGraph

    bound = _bound(options)
    names = [options.simulator]
    if options.log is None:
        names.insert(0, settings.driver.backend_name)
    else:
        require("rclpy")
    if len(set(names)) < len(names):
        raise ConfigError(f"--driver {options.simulator} is what it runs in already: name another simulator")
    runs = [in_simulator(settings, name) for name in names]
    for run in runs:
        require(*run.driver.backend.requires)
    episodes = options.episodes or (_EPISODES if options.log is None else _OF_LOG)
    known = [] if options.log is None else [from_log(options.log, settings)]
    sides = known + [
        simulate(OnnxGraph(agent, run.controller.threads), run, episodes, run.evaluation_seconds, _Dots(name))
        for name, run in zip(names, runs, strict=True)
    ]
    found = compared(sides[0], sides[1], bound, settings.task.milestone)
    title = (
        f"{settings.task.name}: {options.agent} in {sides[0].name} and {sides[1].name}, episodes of "
        f"{settings.evaluation_seconds:g} s: {episodes}, seed {settings.seed}"
    )
    print(json.dumps(to_mapping(found), indent=2) if options.json else validation_screen(found, title))
    return 0 if found.passed else FAILURE


def _bound(options: argparse.Namespace) -> float:
    """By what the second one is judged.

    Raises:
        ConfigError: An option is given that this comparison is not judged by.
    """
    if options.log is None and options.difference is not None:
        raise ConfigError(f"--difference {options.difference:g} is for --log; two simulators are compared by --share")
    if options.log is not None and options.share is not None:
        raise ConfigError(f"--share {options.share:g} is for two simulators; --log is compared by --difference")
    given, usual = (options.share, _SHARE) if options.log is None else (options.difference, _STATISTIC)
    return usual if given is None else given


def _task_of(options: argparse.Namespace) -> str:
    """The task that an agent was made for.

    Raises:
        ConfigError: It is an environment's.
    """
    if is_run(options):
        from ros_rl.training.earlier_run import run_settings

        name = run_settings(options.agent).task.name
    else:
        from ros_rl.deploy.agent_file import contract_of

        name = contract_of(options.agent).task
    if name == GymTask.name:
        raise ConfigError(f"{options.agent} acts in a Gymnasium environment, which is no robot's simulator")
    return name


class _Dots:
    """Tells on a terminal which simulator is at work, a dot for each episode.

    Args:
        name: Of the simulator.
    """

    def __init__(self, name: str) -> None:
        self._episode, self._shown = -1, sys.stderr.isatty()
        self._say(f"{name} ")

    def __call__(self, tick: Any) -> None:
        if tick.episode != self._episode:
            self._episode = tick.episode
            self._say(".")

    def _say(self, text: str) -> None:
        if self._shown:
            print(text, end="", flush=True, file=sys.stderr)
