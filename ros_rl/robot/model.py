# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether a robot and its URDF fit; read without a simulator, before any process starts."""

from __future__ import annotations

import math
import os
from pathlib import Path

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.robot.model_files import model_path, pybullet_models
from ros_rl.robot.robot import Robot
from ros_rl.robot.skeleton import skeleton
from ros_rl.robot.urdf import Urdf


def urdf_of(robot: Robot, *, kinematics: bool = False) -> Urdf:
    """The URDF that the simulator loads, or the one that tells where the links are.

    Raises:
        MissingDependencyError: It is PyBullet's, which is not installed.
        ConfigError: The robot has none, or it cannot be.
    """
    key, name = "simulation.urdf", robot.simulation.urdf if robot.simulation is not None else None
    if kinematics and robot.kinematics is not None:
        key, name = "kinematics", robot.kinematics
    if name is None:
        raise ConfigError(f"robot '{robot.name}' has no URDF")
    path = model_path(name)
    if not path.is_file():
        raise ConfigError(
            f"{key}: there is no {name} beside the file of robot '{robot.name}', below sim/ "
            "of ros_rl or among pybullet_data"
        )
    return Urdf(path, _folders())


def check_model(robot: Robot) -> Urdf:
    """Refuse a robot that its URDF does not fit; gives the URDF.

    Raises:
        MissingDependencyError: See `urdf_of`.
        ConfigError: The URDF cannot be read, lacks a joint, link or mesh that the robot or a camera of it needs, has a
            joint of it that has not one axis, or limits a joint that the robot's file leaves without limits.
    """
    urdf, simulation = urdf_of(robot), robot.simulation
    assert simulation is not None  # which has the URDF
    urdf.check_joints([simulation.joints.get(name, name) for name in (*robot.joints, *robot.passive)])
    touching = [name for name in robot.contact_links if name != urdf.root_link]
    urdf.check_links(
        [*simulation.feet, *([simulation.tool_link] if simulation.tool_link else []), *simulation.friction, *touching]
    )
    for name, camera in robot.optional_cameras.items():
        if camera.link is not None and camera.link not in urdf.links:
            raise ConfigError(
                f"cameras.{name}.link: {urdf.path} has no link '{camera.link}'; it has {', '.join(urdf.links)}"
            )
    for index, name in enumerate(robot.joints):
        _check_limits(robot, index, urdf, simulation.joints.get(name, name))
    return urdf


def _check_limits(robot: Robot, index: int, urdf: Urdf, name: str) -> None:
    """Whoever leaves limits out says that the joint turns without end."""
    own, theirs = robot.limits, urdf.joints[name]
    for key, limit, other in (("lower", own.lower[index], theirs.lower), ("upper", own.upper[index], theirs.upper)):
        if math.isinf(limit) and math.isfinite(other):
            raise ConfigError(
                f"joints.{robot.joints[index]} has no {key}, but {urdf.path} limits joint '{name}' to "
                f"[{theirs.lower:g}, {theirs.upper:g}]: give lower and upper"
            )


def write_skeleton(urdf: str, path: Path) -> None:
    """Write a robot's file to begin with.

    Args:
        urdf: Path of a URDF, or of one below the package's ``sim`` folder or of pybullet_data.
        path: File to write, which may not be there yet.

    Raises:
        MissingDependencyError: The URDF can only be PyBullet's, which is not installed.
        ConfigError: The URDF cannot be read, or the file is there already.
    """
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"{path}: a robot's file ends in .yaml")
    if path.exists():
        raise ConfigError(f"{path} is there already")
    given = Path(urdf)
    if given.is_file():
        found, source = Urdf(given, _folders()), os.path.relpath(given, path.parent)
    else:
        found, source = Urdf(model_path(urdf), _folders()), urdf
    path.write_text(skeleton(found, source), encoding="utf-8")


def _folders() -> list[Path]:
    """Where meshes may lie that are not beside their URDF."""
    try:
        return [pybullet_models()]
    except MissingDependencyError:
        return []
