# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl eval``: judge a controller in the simulator, or in a Gymnasium environment, without ROS."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ros_rl.cli.agents import agent_of
from ros_rl.cli.arguments import add_agent, add_preset, add_settings, add_task, whole
from ros_rl.cli.environments import evaluate_in_gym
from ros_rl.cli.options import choose_task, require
from ros_rl.errors import ConfigError
from ros_rl.runs.video import check_video
from ros_rl.settings.nodes import EvaluatorSettings
from ros_rl.settings.registry import BACKEND_SETTINGS, DEFAULT_BACKEND


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("eval", help="judge a controller in the simulator or an environment, without ROS")
    add_task(parser)
    add_agent(parser)
    parser.add_argument(
        "--episodes",
        type=whole(1),
        metavar="N",
        help=f"number of episodes (default: the task's, else {EvaluatorSettings.final_episodes})",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help="length of an episode in seconds (default: the task's)",
    )
    parser.add_argument("--driver", choices=judges(), help=f"simulator (default: {DEFAULT_BACKEND})")
    parser.add_argument(
        "--video", type=Path, metavar="FILE", help="film of the first episode, *.gif or *.mp4 (default: none)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON (default: rows)")
    add_settings(parser)
    add_preset(parser)
    parser.set_defaults(function=_eval)


def _eval(options: argparse.Namespace) -> int:
    if options.video is not None:
        check_video(options.video)
    choose_task(options)
    if options.env is not None:
        return evaluate_in_gym(options)
    settings, agent = agent_of(
        options, **{"evaluator.final_episodes": options.episodes, "evaluator.seconds": options.seconds}
    )
    if options.video is not None and not settings.driver.backend.renders:
        raise ConfigError(f"--video: driver '{settings.driver.backend_name}' gives no pictures")
    require(*settings.driver.backend.requires)
    from ros_rl.deploy.onnx_graph import OnnxGraph
    from ros_rl.runs.screens import evaluation_screen
    from ros_rl.runtime.evaluation import evaluate

    evaluator = settings.evaluator
    graph = OnnxGraph(agent, settings.controller.threads)
    found = evaluate(
        graph, settings, evaluator.final_episodes, settings.evaluation_seconds, settings.seed, options.video
    ).to_mapping()
    print(json.dumps(found, indent=2) if options.json else evaluation_screen(found, settings.task.episode_seconds))
    return 0


def judges() -> tuple[str, ...]:
    """Backends that a controller can be judged in."""
    return tuple(name for name, backend in BACKEND_SETTINGS.items() if backend.knows_truth)
