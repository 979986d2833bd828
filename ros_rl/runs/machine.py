# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a run needs of the machine and of ROS's environment variables, checked before anything starts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import ros_rl
from ros_rl.backends.display import check_display
from ros_rl.errors import ConfigError, RosRlError
from ros_rl.settings.tree import Settings

_RANGES = ("SUBNET", "LOCALHOST", "SYSTEM_DEFAULT")
_LARGEST_DOMAIN = 232
"""Of a higher one, DDS's port numbers would not fit."""
_TELLS = "ros_rl: "
"""Begins what a probe says itself, whatever libraries say besides."""
_FINDS = """
import sys
sys.path[:] = [{root!r}, *filter(None, sys.path)]
import ros_rl
del sys.path[0]
"""
"""Loads this package, without the working directory, which Python puts first; what lies there replaces nothing."""
_NODE = "import rclpy; rclpy.init(args=[]); rclpy.create_node('ros_rl_probe'); rclpy.shutdown()"
_DRAWS = """
from ros_rl.errors import RosRlError
try:
    from {module} import drawing_problem
    problem = drawing_problem()
except RosRlError as error:
    problem = str(error)
sys.exit({tells!r} + problem if problem else 0)
"""
_PROBE_SECONDS = 60.0


def check_machine(settings: Settings) -> None:
    """Refuse what cannot work on this machine.

    Args:
        settings: Of the run.

    Raises:
        ConfigError: There is no display to open a window on, or a variable of ROS keeps nodes apart.
        RosRlError: The middleware that is asked for does not start, or nothing can be drawn where cameras look.
    """
    if getattr(settings.driver.backend, "gui", False):
        check_display()
    if settings.driver.backend.drawn_by and settings.load_robot().cameras:
        _check_renderer(settings.driver.backend.drawn_by)
    check_ros_variables(os.environ)
    if os.environ.get("RMW_IMPLEMENTATION"):
        _check_middleware(os.environ["RMW_IMPLEMENTATION"])


def check_ros_variables(environment: Mapping[str, str]) -> None:
    """Refuse environment variables under which nodes do not start, or never find each other.

    Args:
        environment: Names and values.

    Raises:
        ConfigError: Naming the variable, its value and what would be right.
    """
    discovery = environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "")
    if discovery == "OFF":
        raise ConfigError(
            "ROS_AUTOMATIC_DISCOVERY_RANGE is OFF, so nodes would never find each other: use LOCALHOST (this machine) "
            "or SUBNET"
        )
    if discovery and discovery not in _RANGES:
        raise ConfigError(f"ROS_AUTOMATIC_DISCOVERY_RANGE is '{discovery}', allowed: {', '.join(_RANGES)}")
    domain = environment.get("ROS_DOMAIN_ID", "")
    if domain and not (domain.isascii() and domain.isdecimal() and int(domain) <= _LARGEST_DOMAIN):
        raise ConfigError(f"ROS_DOMAIN_ID is '{domain}', allowed: whole numbers from 0 to {_LARGEST_DOMAIN}")


def _check_renderer(module: str) -> None:
    """Let it draw in a process of its own, which a platform's library may end without a word.

    Raises:
        RosRlError: It does not draw.
    """
    try:
        problem = _problem_of(_DRAWS.format(module=module, tells=_TELLS), os.environ)
    except subprocess.TimeoutExpired:
        raise RosRlError(f"cameras are to look, but nothing was drawn here within {_PROBE_SECONDS:g} s") from None
    if problem:
        raise RosRlError(f"cameras are to look, but {problem}")


def _check_middleware(name: str) -> None:
    """Try it in a process of its own, which ROS ends if it is not there.

    Raises:
        RosRlError: It does not start.
    """
    with tempfile.TemporaryDirectory() as logs:
        environment = {**os.environ, "ROS_LOG_DIR": logs, "RCUTILS_COLORIZED_OUTPUT": "0"}
        try:
            problem = _problem_of(_NODE, environment)
        except subprocess.TimeoutExpired:
            raise RosRlError(f"RMW_IMPLEMENTATION '{name}' did not start within {_PROBE_SECONDS:g} s") from None
    if problem:
        raise RosRlError(
            f"RMW_IMPLEMENTATION is '{name}', with which no node starts here: {problem}; unset it, or install "
            "that middleware"
        )


def _problem_of(program: str, environment: Mapping[str, str]) -> str:
    """Why a program does not end well; empty if it does.

    What it tells as its own, else what was said last, else the code with which it ended without a word.

    Raises:
        TimeoutExpired: It does not end.
    """
    code = _FINDS.format(root=str(Path(ros_rl.__file__).parents[1])) + program
    probe = [sys.executable, "-c", code]
    done = subprocess.run(probe, capture_output=True, text=True, env=environment, timeout=_PROBE_SECONDS)
    if not done.returncode:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    told = [line.removeprefix(_TELLS) for line in lines if line.startswith(_TELLS)]
    return (told or lines or [f"code {done.returncode}"])[-1]
