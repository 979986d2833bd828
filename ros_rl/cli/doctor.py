# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl doctor``: whether this machine can run a robot, and the robot be run by it."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Iterator
from typing import Any

from ros_rl.cli.columns import columns
from ros_rl.cli.doctor_robot import Motion, robot_checks
from ros_rl.cli.parser import FAILURE, add_network
from ros_rl.config import build, merge
from ros_rl.errors import ConfigError, RosRlError, one_line
from ros_rl.robot import Robot, load_robot
from ros_rl.runs.doctor import Check, clock, installed, real_time
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.driver import check_driver
from ros_rl.settings.loading import parse_override
from ros_rl.settings.nodes import ControlSettings
from ros_rl.settings.registry import BACKEND_SETTINGS

_FARTHEST = 0.3  # rad or m; a small motion


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "doctor",
        help="look this machine over, and the link to a robot",
        description="Look this machine over and, with a robot, the link to it. Nothing moves without --measure-delay. "
        "Ends with what to fix; exits with 0 only if the robot can be run.",
    )
    parser.add_argument("robot", nargs="?", metavar="ROBOT", help="a name of 'ros-rl list robots', or a YAML file")
    parser.add_argument("--driver", choices=tuple(BACKEND_SETTINGS), help="what moves it (default: its only hardware)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of driver.backend or control, e.g. driver.backend.address=127.0.0.1",
    )
    parser.add_argument(
        "--measure-delay",
        action="store_true",
        help="ARM THE ROBOT and move one joint a little, to find its delay; somebody stands at its emergency stop",
    )
    parser.add_argument("--joint", metavar="NAME", help="which one moves (default: the last but a gripper's)")
    parser.add_argument(
        "--amplitude", type=_amplitude, default=0.05, metavar="RAD", help="how far it moves (default: 0.05 rad or m)"
    )
    add_network(parser)
    parser.set_defaults(function=examine)


def examine(options: argparse.Namespace) -> int:
    """Look everything over, in the order in which it is needed."""
    checks: list[Check] = []
    settings, robot, name = None, None, options.driver
    if options.robot is None:
        _refuse_alone(options)
    else:
        robot = load_robot(options.robot)
        name = name or _only_hardware(robot)
        settings, control = _settings(name, options.set)
        _check(options, robot, name, settings, control)
    checks += _show("installed", installed(settings.requires if settings is not None else ()))
    checks += _show("punctual", [*real_time(), clock()])
    checks += _show("ROS", _ros())
    if robot is not None and settings is not None:
        motion = Motion(options.joint, options.amplitude) if options.measure_delay else None
        checks += _show(f"{robot.name} by {name}", robot_checks(robot, name, settings, control, motion))
    return _close(checks)


def _refuse_alone(options: argparse.Namespace) -> None:
    for name in ("driver", "set", "joint", "measure_delay"):
        if getattr(options, name):
            raise ConfigError(f"--{name.replace('_', '-')} needs ROBOT")


def _check(
    options: argparse.Namespace, robot: Robot, name: str, settings: BackendSettings, control: ControlSettings
) -> None:
    """Refuse what cannot be, before anything is looked at."""
    if not settings.starts_driver:
        raise ConfigError(f"driver '{name}' is a program of somebody else's, whose link only that can look over")
    check_driver(name, settings, robot)
    settings.check_timing(control)
    if options.joint is not None and options.joint not in robot.joints:
        raise ConfigError(f"--joint {options.joint}: {robot.name} has {', '.join(robot.joints)}")


def _amplitude(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= _FARTHEST:
        raise argparse.ArgumentTypeError(f"{text} is not in (0, {_FARTHEST:g}] rad or m")
    return value


def _close(checks: list[Check]) -> int:
    fatal = [check for check in checks if check.fatal]
    wrong = [*fatal, *(check for check in checks if check.fix and not check.fatal)]
    print("\nto fix" if wrong else "\nnothing to fix")
    for check in wrong:
        print(f"  {'MUST ' if check.fatal else ''}{check.name}: {check.fix or check.found}")
    return FAILURE if fatal else 0


def _show(title: str, checks: Any) -> list[Check]:
    print(f"\n{title}")
    found: list[Check] = []
    for check in checks:
        found.append(check)
    for line in columns([(check.name, check.found) for check in found]):
        print(line, flush=True)
    return found


def _only_hardware(robot: Robot) -> str:
    if len(robot.hardware) == 1 and BACKEND_SETTINGS.keys() >= robot.hardware.keys():
        return next(iter(robot.hardware))
    known = f"its file has hardware for {', '.join(robot.hardware)}" if robot.hardware else "its file names none"
    raise ConfigError(f"what moves {robot.name}? {known}: say --driver NAME")


def _settings(name: str, given: list[str]) -> tuple[BackendSettings, ControlSettings]:
    backend: dict[str, Any] = {}
    control: dict[str, Any] = {}
    for text in given:
        match parse_override(text):
            case {"driver": {"backend": dict(inner)}}:
                backend = merge(backend, inner)
            case {"control": dict(inner)}:
                control = merge(control, inner)
            case _:
                raise ConfigError(f"--set {text}: a doctor knows driver.backend and control only")
    settings = build(BACKEND_SETTINGS[name], backend, "driver.backend", "--set")
    return settings, build(ControlSettings, control, "control", "--set")


def _ros() -> Iterator[Check]:
    if importlib.util.find_spec("rclpy") is None:
        yield Check("rclpy", "missing", "source ROS 2, or pip install 'ros_rl[ros]'", fatal=True)
        return
    from ros_rl.nodes.echo import try_echo

    try:
        echo = try_echo()
    except RosRlError as error:
        fix = f"{one_line(error)}: see ROS_DOMAIN_ID, ROS_AUTOMATIC_DISCOVERY_RANGE and the firewall"
        yield Check("two processes", "do not find each other", fix, fatal=True)
        return
    yield Check("two processes", f"found each other within {echo.discovery:.1f} s")
    lost = f", {echo.lost} lost" if echo.lost else ""
    yield Check(
        "there and back", f"median {echo.median * 1e3:.2f} ms, largest {echo.largest * 1e3:.2f} ms{lost}",
        "messages are lost on this machine itself: look at its load" if echo.lost else "",
    )  # fmt: skip
