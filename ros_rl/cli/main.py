# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl``: train, run, evaluate, export and analyse controllers, and list what there is."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from ros_rl.cli.arguments import make_parser
from ros_rl.cli.options import agent_of, checkpoint_of, choose_task, require, settings_of
from ros_rl.cli.parser import FAILURE, INTERRUPTED, USAGE
from ros_rl.cli.runs import start_nodes, train_in_gym
from ros_rl.config import iterate
from ros_rl.errors import ConfigError, RosRlError, RunFolderError, UnknownNameError
from ros_rl.robot import robot_names
from ros_rl.runs import bringup
from ros_rl.runs.machine import check_ros_variables
from ros_rl.settings.presets import preset_titles
from ros_rl.settings.registry import AGENT_NAMES, BACKEND_SETTINGS
from ros_rl.tasks import TASKS

READER_GONE = 141
"""Exit code when nobody reads what is printed any more, as of a process that SIGPIPE ends."""
_USAGE_ERRORS = (ConfigError, UnknownNameError, RunFolderError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; None for the process's own.

    Returns:
        Exit code: 0, 1 if the run failed, 2 for wrong usage or settings, 130 if it was interrupted,
        141 if nobody reads what it prints.
    """
    commands = {
        "train": _train,
        "run": _run,
        "eval": _eval,
        "export": _export,
        "analyse": _analyse,
        "node": _node,
        "list": _list,
        "settings": _settings,
    }
    options = make_parser(commands).parse_args(arguments)
    try:
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


def _train(options: argparse.Namespace) -> int:
    if options.agent is not None and options.agent not in AGENT_NAMES:
        raise UnknownNameError("agent", options.agent, AGENT_NAMES)
    choose_task(options)
    checkpoint = checkpoint_of(options)
    settings = settings_of(
        options,
        **{
            "agent.name": options.agent,
            "learner.robot_minutes": options.robot_minutes,
            "learner.steps": options.steps,
            "evaluator.every": options.eval_every,
            "evaluator.episodes": options.eval_episodes,
            "evaluator.final_episodes": options.eval_episodes,
        },
    )
    if options.env is not None:
        return train_in_gym(options, settings, checkpoint)
    return start_nodes(options, settings, bringup.TRAIN, resume=checkpoint)


def _run(options: argparse.Namespace) -> int:
    settings, agent = agent_of(options, **{"controller.explore": 0.0})
    return start_nodes(options, settings, bringup.RUN, agent=agent)


def _eval(options: argparse.Namespace) -> int:
    settings, agent = agent_of(
        options, **{"evaluator.final_episodes": options.episodes, "evaluator.seconds": options.seconds}
    )
    require(*settings.driver.backend.requires)
    from ros_rl.deploy.onnx_graph import OnnxGraph
    from ros_rl.runs.summary import evaluation_screen
    from ros_rl.runtime.evaluation import evaluate

    evaluator = settings.evaluator
    graph = OnnxGraph(agent, settings.controller.threads)
    found = evaluate(
        graph, settings, evaluator.final_episodes, evaluator.seconds, settings.seed, options.video
    ).to_mapping()
    print(json.dumps(found, indent=2) if options.json else evaluation_screen(found))
    return 0


def _export(options: argparse.Namespace) -> int:
    require("torch", "onnx")
    from ros_rl.training.saved_run import SavedRun

    if not options.out.parent.is_dir():
        raise RunFolderError(f"{options.out} cannot be written: there is no folder {options.out.parent}")
    graph = SavedRun(options.run, options.set).training.graph()
    try:
        options.out.write_bytes(graph)
    except OSError as error:
        raise RunFolderError(f"{options.out} cannot be written: {error.strerror}") from None
    print(f"control graph in {options.out}")
    return 0


def _analyse(options: argparse.Namespace) -> int:
    require("torch", "onnx", "matplotlib", *(("rclpy",) if getattr(options, "log", None) else ()))
    from ros_rl.cli.analyse import analyse

    print(analyse(options))
    return 0


def _node(options: argparse.Namespace) -> int:
    check_ros_variables(os.environ)
    require("rclpy", *(("torch", "onnx") if options.node == "learner" else ()))
    sys.argv = [options.node, *options.arguments]  # where ROS reads its arguments
    return int(importlib.import_module(f"ros_rl.nodes.{options.node}").main())


def _list(options: argparse.Namespace) -> int:
    rows = {
        "tasks": [f"{name}  ({task.robot}) {_first_line(task)}" for name, task in sorted(TASKS.items())],
        "environments": ["gym:NAME  any of Gymnasium's (train --env)"],
        "robots": robot_names(),
        "agents": list(AGENT_NAMES),
        "drivers": list(BACKEND_SETTINGS),
        "presets": [f"{name}  {title}" for name, title in preset_titles().items()],
    }
    for title, items in rows.items():
        print(f"{title}:")
        for item in items:
            print(f"  {item}")
    return 0


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def _settings(options: argparse.Namespace) -> int:
    for key, value, info in iterate(settings_of(options)):
        shown = repr(value) if isinstance(value, str) else value
        print(f"{key} = {shown}\n    {info.describe()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
