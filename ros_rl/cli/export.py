# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl export``: make a control graph of a run's networks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ros_rl.cli.agents import saved_run
from ros_rl.cli.arguments import add_run_settings
from ros_rl.cli.options import require
from ros_rl.errors import RunFolderError
from ros_rl.runs.run_folder import AGENT, BEST, CONFIG


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "export",
        help="make a control graph of a run's networks for another reward or planner",
        description="Make a control graph of a run's networks for another reward or planner, without new data.",
    )
    add_run_settings(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="control graph to write (.onnx)")
    parser.set_defaults(function=_export)


def _export(options: argparse.Namespace) -> int:
    require("torch", "onnx")
    if options.out.suffix != ".onnx":
        raise RunFolderError(f"{options.out} cannot be written: the name of a control graph ends in .onnx")
    if not options.out.parent.is_dir():
        raise RunFolderError(f"{options.out} cannot be written: there is no folder {options.out.parent}")
    if options.out.name in (AGENT, BEST) and (options.out.parent / CONFIG).is_file():
        raise RunFolderError(f"{options.out} is what a run learned; write the control graph to another file")
    graph = saved_run(options.run, options.set).training.graph()
    try:
        options.out.write_bytes(graph)
    except OSError as error:
        raise RunFolderError(f"{options.out} cannot be written: {error.strerror}") from None
    print(f"control graph in {options.out}")
    return 0
