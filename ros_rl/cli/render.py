# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl render``: an episode of an agent as a film and a contact sheet, without ROS and without a window."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.cli.agents import agent_of, shipped_agent
from ros_rl.cli.arguments import add_agent_or_shipped, add_settings
from ros_rl.cli.eval import judges
from ros_rl.cli.options import require
from ros_rl.errors import ConfigError
from ros_rl.runs.episode_sheet import sheet_path
from ros_rl.runs.video import check_video
from ros_rl.settings.registry import DEFAULT_BACKEND


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "render",
        help="look at an agent: a film and a contact sheet",
        description="Lets an agent act for an episode in the simulator and writes a film and, beside it, a contact "
        "sheet (PNG): frames, which foot touched the ground when, real and commanded velocity.",
    )
    parser.add_argument("task", metavar="TASK", help="see 'ros-rl list'")
    add_agent_or_shipped(parser)
    parser.add_argument("--driver", choices=judges(), help=f"simulator (default: {DEFAULT_BACKEND})")
    parser.add_argument("--seconds", type=float, metavar="S", help="length of the episode (default: the task's)")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the film, *.gif or *.mp4; the sheet is *.png (default: TASK.gif)"
    )
    add_settings(parser)
    parser.set_defaults(function=_render)


def _render(options: argparse.Namespace) -> int:
    film = options.out or Path(f"{options.task}.gif")
    check_video(film)
    options.agent = options.agent or shipped_agent(options.task)
    settings, agent = agent_of(options, **{"evaluator.seconds": options.seconds})
    if not settings.driver.backend.renders:
        raise ConfigError(f"driver '{settings.driver.backend_name}' gives no pictures")
    require(*settings.driver.backend.requires)
    from ros_rl.deploy.onnx_graph import OnnxGraph
    from ros_rl.runtime.recording import record

    found = record(OnnxGraph(agent, settings.controller.threads), settings, settings.evaluation_seconds)
    sheet, robot = sheet_path(film), settings.load_robot()
    found.write(film, sheet, robot)
    title = f"{settings.task.name} in {settings.driver.backend_name}, seed {settings.seed}"
    mean = f", mean forward velocity {np.mean(found.velocity[:, 0]):.2f} m/s" if robot.legs else ""
    print(f"{title}: {found.seconds:.2f} s{mean}{f'; ended early: {found.fell}' if found.fell else ''}")
    for path in (film, sheet):
        print(f"{path} ({path.stat().st_size / 1e3:.0f} kB)")
    return 0
