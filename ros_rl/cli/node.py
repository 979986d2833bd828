# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl node``: run one node in this process."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import Any

from ros_rl.cli.options import require
from ros_rl.runs.bringup import GUARD
from ros_rl.runs.machine import check_ros_variables
from ros_rl.settings.nodes import NODES

_PROGRAMS = (*NODES, GUARD)


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "node",
        help="run one node in this process, as 'ros2 run ros_rl NODE' does where ROS 2 is installed",
        description="Run one node in this process, as 'ros2 run ros_rl NODE' does where ROS 2 is installed.",
    )
    parser.add_argument("node", choices=_PROGRAMS, metavar="NODE", help=", ".join(_PROGRAMS))
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="ROS arguments, e.g. --ros-args -r __ns:=/a1 --params-file runs/mine/config.yaml (default: none)",
    )
    parser.set_defaults(function=_node)


def _node(options: argparse.Namespace) -> int:
    check_ros_variables(os.environ)
    require("rclpy", *(("torch", "onnx") if options.node == "learner" else ()))
    sys.argv = [options.node, *options.arguments]  # where ROS reads its arguments
    return int(importlib.import_module(f"ros_rl.nodes.{options.node}").main())
