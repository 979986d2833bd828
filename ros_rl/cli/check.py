# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl check``: whether a robot's file makes sense, alone, beside its URDF and in the simulator."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ros_rl.cli.check_screen import held_line, robot_screen
from ros_rl.cli.parser import FAILURE
from ros_rl.errors import ConfigError, MissingDependencyError, UnknownNameError
from ros_rl.robot import Robot, load_robot
from ros_rl.robot.findings import Finding, compare
from ros_rl.robot.model import check_model, write_skeleton
from ros_rl.safety.workspace import workspace_of
from ros_rl.sensors.table import check_sensors
from ros_rl.settings.nodes import ControlSettings
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.tasks import TASKS, Task


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser(
        "check",
        help="look a robot's file over, beside its URDF and in the simulator",
        description="Look a robot's file over: alone, beside its URDF and in the simulator, with pictures of its home "
        "pose and of each joint's range. Exits with 1 if the robot would not work.",
    )
    parser.add_argument(
        "robot", metavar="ROBOT", help="YAML file, or a name of 'ros-rl list robots'; a URDF with --write"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the pictures (default: check_<robot>)")
    parser.add_argument(
        "--scene", metavar="NAME", help="what is around it (default: that of a task of this robot, else plane)"
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="make a robot's file to begin with of the URDF that ROBOT then is"
    )
    parser.set_defaults(function=_check)


def _check(options: argparse.Namespace) -> int:
    if options.write is not None:
        write_skeleton(options.robot, options.write)
        print(f"{options.write} is made from {options.robot}; look at what stands behind TODO")
        options.robot = str(options.write)
    elif options.robot.endswith(".urdf"):
        raise ConfigError(f"{options.robot} is a URDF; make a robot's file of it: --write my_robot.yaml")
    fatal = False
    for finding in _findings(options):
        fatal = fatal or finding.fatal
        print(f"{'ERROR' if finding.fatal else 'warning'}: {finding.text}", flush=True)
    print("it does not work as it is" if fatal else "it works")
    return FAILURE if fatal else 0


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    """Prints what the robot is, and gives what is to be said of it; what refuses it is the last."""
    robot = None
    try:
        robot = load_robot(options.robot)
        check_sensors(robot)
        if robot.simulation is None:
            print(robot_screen(robot, None))
            yield Finding("there is no section 'simulation', so nothing simulates it")
            return
        PyBulletSettings().check_robot(robot)
        yield from _beside_urdf(robot, options)
    except (ConfigError, UnknownNameError) as error:
        if robot is None and isinstance(error, UnknownNameError):
            raise  # there is nothing to check
        yield Finding(str(error), fatal=True)


def _beside_urdf(robot: Robot, options: argparse.Namespace) -> Iterator[Finding]:
    try:
        urdf = check_model(robot)
    except MissingDependencyError as error:
        print(robot_screen(robot, None))
        yield Finding(f"its URDF is not read: {error}")
        return
    workspace_of(robot)  # refuses a home pose that is not inside
    print(robot_screen(robot, urdf))
    yield from compare(robot, urdf)
    if importlib.util.find_spec("pybullet") is None:
        yield Finding(f"it is not simulated: {MissingDependencyError('pybullet', 'sim')}")
        return
    yield from _simulated(robot, options)


def _simulated(robot: Robot, options: argparse.Namespace) -> Iterator[Finding]:
    from ros_rl.backends.pybullet.inspection import held_findings, hold, still_findings
    from ros_rl.runs.contact_sheet import write_pictures

    of_tasks = (task.scene for task in TASKS.values() if task.robot == robot.name)
    scene: str = options.scene or next(of_tasks, Task.scene)
    period = ControlSettings().period
    mass, still = still_findings(robot, scene)
    held = hold(robot, scene, period)
    print(f"mass: {mass:.4g} kg\n{held_line(robot, held.drift, held.strain, scene)}")
    yield from still
    yield from held_findings(robot, held)
    try:
        pictures = write_pictures(robot, scene, period, options.out or Path(f"check_{robot.name}"))
    except MissingDependencyError as error:
        yield Finding(f"there are no pictures: {error}")
        return
    print(f"pictures: {', '.join(map(str, pictures))}")
