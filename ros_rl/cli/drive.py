# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl drive``: a person steers an agent's robot in the simulator, by keys or a joystick, without ROS."""

from __future__ import annotations

import argparse
import math
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from ros_rl.cli.agents import agent_of, shipped_agent
from ros_rl.cli.arguments import add_agent_or_shipped, add_settings
from ros_rl.cli.eval import judges
from ros_rl.cli.options import require
from ros_rl.errors import ConfigError
from ros_rl.runs.signals import stop_event
from ros_rl.sensors.inputs import VELOCITY_COMMAND
from ros_rl.settings.registry import DEFAULT_BACKEND
from ros_rl.settings.tree import Settings
from ros_rl.tasks import TASKS, make_task
from ros_rl.teleop.console import Console, Screen
from ros_rl.teleop.driving import HELP, STICKS_HELP, Drive, Keys, Steering, Sticks, drive
from ros_rl.teleop.gamepad import Gamepad

_DEVICE = Path("/dev/input/js0")


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "drive",
        help="steer a robot in the simulator by this terminal's keys or a joystick",
        description="Lets an agent that follows velocity commands act in the simulator, at the clock's pace, and gives "
        "it the commands of this terminal's keys: " + "; ".join(HELP) + "; or of a joystick. Opens the simulator's "
        "window where there is a display and the simulator has one.",
    )
    parser.add_argument("task", metavar="TASK", help="one with a velocity_command, such as a1_track")
    add_agent_or_shipped(parser)
    parser.add_argument("--driver", choices=judges(), help=f"simulator (default: {DEFAULT_BACKEND})")
    parser.add_argument(
        "--joystick",
        type=Path,
        nargs="?",
        const=_DEVICE,
        metavar="DEVICE",
        help=f"steer by a joystick of this machine (default: by keys; without DEVICE: {_DEVICE})",
    )
    parser.add_argument("--no-window", action="store_true", help="open no window (default: where there is a display)")
    add_settings(parser)
    parser.set_defaults(function=_drive)


def _drive(options: argparse.Namespace) -> int:
    _check_task(options.task)
    options.agent = options.agent or shipped_agent(options.task)
    console = None if options.joystick else Console(instead="drive with --joystick")
    settings, agent = agent_of(options)
    require(*settings.driver.backend.requires)
    from ros_rl.deploy.onnx_graph import OnnxGraph
    from ros_rl.runtime.robot_world import RobotWorld

    stop = stop_event()
    person = _at_joystick(options.joystick, settings) if console is None else Keys(settings.steering, console)
    settings = _in_window(settings, not options.no_window)
    world = RobotWorld(settings, settings.seed, draws_inputs=False)
    try:
        world.restart(settings.seed, math.inf)
        control = world.control_loop(explore=0.0)
        control.use(OnnxGraph(agent, settings.controller.threads))
        with console or nullcontext(Screen()) as screen:
            for line in HELP if console else STICKS_HELP:
                screen.say(line)
            drive(screen, Drive(world, control, person), settings.control.period, stop)
    finally:
        world.close()
    return 0


def _at_joystick(device: Path, settings: Settings) -> Steering:
    return Sticks(settings.steering, Gamepad(device, settings.teleop))


def _check_task(name: str) -> None:
    """Refuse a task that nobody can steer.

    Raises:
        UnknownNameError: There is no such task.
        ConfigError: It is not asked for a velocity; names those that are.
    """
    if VELOCITY_COMMAND in make_task(name).inputs:
        return
    others = sorted(other for other, task in TASKS.items() if VELOCITY_COMMAND in getattr(task, "observation", ()))
    raise ConfigError(f"task '{name}' has no {VELOCITY_COMMAND} to steer by; these have one: {', '.join(others)}")


def _in_window(settings: Settings, wanted: bool) -> Settings:
    """The same in a window, where there is a display and the simulator has one; else without."""
    from ros_rl.backends.display import has_display

    windowed = settings.driver.backend.windowed()
    if not wanted or windowed is None or not has_display():
        return settings.headless()
    return replace(settings, driver=replace(settings.driver, backend=windowed))
