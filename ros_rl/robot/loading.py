# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Reads a robot from its YAML file, and refuses one that makes no sense."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ros_rl.config import build
from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.formats.yaml_text import read_yaml
from ros_rl.plugins import ROBOTS_GROUP, find_plugins, load_plugin
from ros_rl.resources import share_path
from ros_rl.robot.checks import check_robot
from ros_rl.robot.coupling import Coupling, couple
from ros_rl.robot.file import ActionEntry, JointEntry, RobotFile
from ros_rl.robot.limits import JointLimits
from ros_rl.robot.model_files import placed
from ros_rl.robot.robot import POSITION, Robot
from ros_rl.types import Array


def robot_names() -> list[str]:
    """Names of the robots that ship with the package, and of those of other packages."""
    own = [path.stem for path in share_path("config", "robots").glob("*.yaml")]
    return sorted({*own, *find_plugins(ROBOTS_GROUP)})


def load_robot(name: str) -> Robot:
    """Load a robot by its name, or from the path of a YAML file.

    Raises:
        UnknownNameError: There is no robot of that name.
        ConfigError: The file has a wrong key, type or range, or its joints make no sense.
    """
    path = _path_of(name)
    file = build(RobotFile, read_yaml(path), source=str(path))
    try:
        robot = _robot_of(file, path.parent)
        check_robot(robot)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return robot


def is_file(name: str) -> bool:
    """Whether a robot is named by its file's path."""
    return name.endswith((".yaml", ".yml"))


def _path_of(name: str) -> Path:
    own = is_file(name)
    path = Path(name) if own else share_path("config", "robots") / f"{name}.yaml"
    if own or path.is_file():
        return path
    points = find_plugins(ROBOTS_GROUP)
    if name not in points:
        raise UnknownNameError("robot", name, robot_names())
    return Path(load_plugin(points[name]))


def _robot_of(file: RobotFile, folder: Path) -> Robot:
    """The robot of a file that lies in a folder."""
    names, entries = tuple(file.joints), list(file.joints.values())
    endless = tuple(name for name, entry in file.joints.items() if _is_endless(name, entry, file))

    def per_joint(key: str, where_endless: float = math.nan) -> Array:
        values = [getattr(entry, key) for entry in entries]
        return np.array([where_endless if value is None else value for value in values], dtype=np.float64)

    limits = {key: per_joint(key) for key in ("velocity", "acceleration", "effort", "step")}
    ends = {"lower": per_joint("lower", -math.inf), "upper": per_joint("upper", math.inf)}
    coupling, simulation = _coupling(file), file.simulation
    return Robot(
        name=file.name,
        joints=names,
        interfaces=tuple(entry.command_interface or file.command_interface for entry in entries),
        limits=JointLimits(**limits, **ends),
        home=per_joint("home", 0.0),
        scale=per_joint("action_scale") if coupling is None else coupling.scale,
        stiffness=per_joint("stiffness"),
        damping=per_joint("damping"),
        safety=file.safety,
        command_ramp=file.command_ramp,
        base_frame=file.base_frame,
        tool_frame=file.tool_frame,
        floating_base=file.floating_base,
        sensors=file.sensors,
        endless=endless,
        passive=tuple(file.passive_joints),
        passive_home=np.array([entry.home for entry in file.passive_joints.values()]),
        mirror=None if file.mirror is None else _mirror(names, _pairs(file, of_links=False)),
        optional_sensors=file.optional_sensors,
        contact_links=file.contact_links,
        contact_threshold=file.contact_threshold,
        contact_mirror=_contact_mirror(file),
        coupling=coupling,
        simulation=simulation if simulation is None else replace(simulation, urdf=placed(simulation.urdf, folder)),
        kinematics=file.kinematics if file.kinematics is None else placed(file.kinematics, folder),
        legs=file.legs,
        gripper=file.gripper,
        optional_cameras=file.cameras,
        hardware=file.hardware,
    )


def _coupling(file: RobotFile) -> Coupling | None:
    """How the actions move the joints; None where each joint acts by itself."""
    moved = {joint for action in file.actions.values() for joint in action.joints}
    for name, joint in file.joints.items():
        if joint.action_scale is None and name not in moved:
            raise ConfigError(f"missing key 'joints.{name}.action_scale': none of actions moves the joint")
        if joint.action_scale is not None and name in moved:
            raise ConfigError(f"'joints.{name}.action_scale' is not allowed beside actions that move the joint")
    for name, action in file.actions.items():
        _check_action(f"actions.{name}", action, file)
    if not file.actions:
        return None
    alone = {name: joint.action_scale for name, joint in file.joints.items() if joint.action_scale is not None}
    together = {name: (action.unit, action.scale, action.joints) for name, action in file.actions.items()}
    return couple([*file.joints], alone, together)


def _check_action(key: str, action: ActionEntry, file: RobotFile) -> None:
    if not action.unit.strip():
        raise ConfigError(f"'{key}.unit' is {action.unit!r}, expected one that is not empty; 1 for none")
    if not action.joints:
        raise ConfigError(f"'{key}.joints': there is none")
    for joint, factor in action.joints.items():
        if joint not in file.joints:
            raise ConfigError(f"'{key}.joints.{joint}': the robot has no such joint; it has {', '.join(file.joints)}")
        if factor == 0.0:
            raise ConfigError(f"'{key}.joints.{joint}' is 0, so that the action does not move it; leave it out")


def _is_endless(name: str, entry: JointEntry, file: RobotFile) -> bool:
    """Whether a joint turns without end: then it has no limits, and no home that it could go to."""
    ends = {"lower": entry.lower, "upper": entry.upper, "home": entry.home}
    missing = [key for key, value in ends.items() if value is None]
    endless = len(missing) == len(ends)
    if missing and (not endless or (entry.command_interface or file.command_interface) == POSITION):
        why = "a joint with position commands needs it" if endless else "only a wheel has none of lower, upper and home"
        raise ConfigError(f"missing key 'joints.{name}.{missing[0]}': {why}")
    return endless


def _mirror(names: tuple[str, ...], pairs: Mapping[str, str], what: str = "joint") -> tuple[tuple[int, ...], Array]:
    """Read pairs ``joint: image``, with a minus before the image if the sign changes; each holds both ways."""
    images: dict[str, tuple[str, float]] = {}
    for joint, image in pairs.items():
        sign = -1.0 if image.startswith("-") else 1.0
        image = image.removeprefix("-")
        for one, other in ((joint, image), (image, joint)):
            if images.setdefault(one, (other, sign)) != (other, sign):
                raise ConfigError(f"mirror: {one} has two images, {images[one][0]} and {other}, or two signs")
    unknown = [joint for joint in images if joint not in names]
    missing = [joint for joint in names if joint not in images]
    if unknown:
        raise ConfigError(
            f"mirror: unknown {what} {unknown[0]}; there are {', '.join(names)}: add it to them, or leave its pair out"
        )
    if missing:
        raise ConfigError(f"mirror: no image of {what} {missing[0]}; each has one, itself where it lies in the middle")
    return tuple(names.index(images[name][0]) for name in names), np.array([images[name][1] for name in names])


def _pairs(file: RobotFile, of_links: bool) -> dict[str, str]:
    """The pairs of ``mirror`` that are of contact links, or those that are not."""
    pairs = file.mirror or {}
    return {one: image for one, image in pairs.items() if (one in file.contact_links) == of_links}


def _contact_mirror(file: RobotFile) -> tuple[int, ...] | None:
    pairs, links = _pairs(file, of_links=True), file.contact_links
    if not pairs:
        return None
    order, signs = _mirror(links, pairs, "contact link")
    if (signs < 0.0).any():
        raise ConfigError(f"mirror: image of contact link {links[int(signs.argmin())]} has a minus, allowed: none")
    return order
