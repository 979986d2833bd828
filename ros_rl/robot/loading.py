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
from ros_rl.plugins import ROBOTS_GROUP, find_plugins, load_plugin
from ros_rl.resources import share_path
from ros_rl.robot.coupling import Coupling, couple
from ros_rl.robot.file import ActionEntry, JointEntry, RobotFile
from ros_rl.robot.model_files import placed
from ros_rl.robot.robot import EFFORT, POSITION, VELOCITY, JointLimits, Robot
from ros_rl.types import Array
from ros_rl.yaml_files import read_yaml

_UNIT = 1e-6  # how far the length of an axis may be from 1


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
        _check(robot)
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
    if unknown or missing:
        raise ConfigError(f"mirror: {'unknown' if unknown else 'no image of'} {what} {(unknown or missing)[0]}")
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


def _check(robot: Robot) -> None:
    if not robot.joints:
        raise ConfigError("joints: there is none")
    _check_texts(robot)
    _check_safety(robot)
    _check_tool(robot)
    _check_passive(robot)
    _check_mirror(robot)
    _check_simulation(robot)
    _check_legs(robot)
    for driver in robot.hardware:
        _check_hardware(robot, driver)
    for index in range(robot.size):
        _check_joint(robot, index)


def _check_texts(robot: Robot) -> None:
    texts = {"name": robot.name, "base_frame": robot.base_frame, "tool_frame": robot.tool_frame}
    if robot.simulation is not None:
        texts["simulation.urdf"] = robot.simulation.urdf
    for key, text in texts.items():
        if text is not None and not text.strip():
            raise ConfigError(f"'{key}' is {text!r}, expected one that is not empty")
    lists = {
        "sensors": (*robot.sensors, *robot.optional_sensors),
        "contact_links": robot.contact_links,
        "simulation.feet": robot.simulation.feet if robot.simulation else (),
    }
    for key, names in lists.items():
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ConfigError(f"'{key}' names {twice[0]} twice")


def _check_safety(robot: Robot) -> None:
    safety = robot.safety
    boxes = {f"keep_out.{name}": box for name, box in safety.keep_out.items()}
    for key, box in (boxes | ({"workspace": safety.workspace} if safety.workspace else {})).items():
        if not all(low < high for low, high in zip(box.lower, box.upper, strict=True)):
            raise ConfigError(f"safety.{key}: lower {[*box.lower]} is not below upper {[*box.upper]} in x, y and z")
    if EFFORT in robot.interfaces and safety.safe_action == "stop":
        raise ConfigError("safety.safe_action is 'stop', allowed with effort commands: damp, hold")
    if safety.safe_action == "damp" and safety.damping == 0.0 and set(robot.interfaces) != {VELOCITY}:
        raise ConfigError(
            "safety.damping is 0.0, which with safe_action 'damp' lets the joints fall: more than 0 is needed"
        )
    if math.isfinite(safety.tilt) and not {"imu_orientation", "base_orientation"} & {*robot.sensors}:
        raise ConfigError(
            f"safety.tilt is {safety.tilt:g}, and no sensor tells it: add imu_orientation or base_orientation "
            "to sensors, or say .inf"
        )


def _check_tool(robot: Robot) -> None:
    for name in ("tool_position", "tool_orientation", "tool_velocity"):
        if name in (*robot.sensors, *robot.optional_sensors) and robot.tool_frame is None:
            raise ConfigError(f"sensors name {name}, and no tool_frame says of what: add tool_frame")


def _check_passive(robot: Robot) -> None:
    both = [name for name in robot.passive if name in robot.joints]
    if both:
        raise ConfigError(f"passive_joints: {both[0]} is a commanded joint, too")


def _check_mirror(robot: Robot) -> None:
    if robot.mirror is None:
        return
    if robot.passive:
        raise ConfigError("mirror: not allowed together with passive_joints, whose mirror images it cannot name")
    for joint, image in enumerate(robot.mirror[0]):
        if robot.interfaces[joint] != robot.interfaces[image]:
            raise ConfigError(
                f"mirror: {robot.joints[joint]} takes {robot.interfaces[joint]} commands, "
                f"its image {robot.joints[image]} {robot.interfaces[image]} commands"
            )
    if robot.coupling is not None:
        robot.coupling.mirror(*robot.mirror)  # refuses actions without a mirror image


def _check_simulation(robot: Robot) -> None:
    simulation = robot.simulation
    if simulation is None:
        return
    unknown = [name for name in simulation.joints if name not in (*robot.joints, *robot.passive)]
    if unknown:
        raise ConfigError(f"simulation.joints: the robot has no joint {unknown[0]}")
    there: dict[str, str] = {}
    for name in (*robot.joints, *robot.passive):
        twin = there.setdefault(simulation.joints.get(name, name), name)
        if twin != name:
            raise ConfigError(
                f"simulation.joints: {twin} and {name} are both joint '{simulation.joints.get(name, name)}' of the URDF"
            )
    if robot.tool_frame is not None and simulation.tool_link is None:
        raise ConfigError(
            f"simulation.tool_link is missing: no link of the URDF carries tool_frame '{robot.tool_frame}'"
        )


def _check_legs(robot: Robot) -> None:
    count, moved = 0, dict[str, str]()
    for foot, leg in robot.legs.items():
        key = f"legs.{foot}"
        if foot not in robot.contact_links:
            raise ConfigError(f"{key} is none of contact_links: {', '.join(robot.contact_links) or 'there are none'}")
        if not leg.joints or count not in (0, len(leg.joints)):
            raise ConfigError(f"{key}.joints has {len(leg.joints)}, expected {count or 'at least 1'}, as all legs")
        count = len(leg.joints)
        for name, joint in leg.joints.items():
            if name not in robot.joints:
                raise ConfigError(f"{key}.joints.{name}: the robot has no such joint; it has {', '.join(robot.joints)}")
            if moved.setdefault(name, foot) != foot:
                raise ConfigError(f"{key}.joints.{name} is a joint of {moved[name]}, too")
            length = math.hypot(*joint.axis)
            if abs(length - 1.0) > _UNIT:
                raise ConfigError(f"{key}.joints.{name}.axis {[*joint.axis]} has length {length:g}, expected 1")


def _check_hardware(robot: Robot, driver: str) -> None:
    for name, joint in robot.hardware[driver].joints.items():
        key = f"hardware.{driver}.joints.{name}"
        if name not in robot.joints:
            raise ConfigError(f"{key}: the robot has no such joint; it has {', '.join(robot.joints)}")
        if joint.name is not None and not joint.name.strip():
            raise ConfigError(f"{key}.name is {joint.name!r}, expected one that is not empty")
        if abs(joint.sign) != 1.0:
            raise ConfigError(f"{key}.sign is {joint.sign:g}, allowed: 1, -1")
    names = robot.joint_map(driver).names
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ConfigError(f"hardware.{driver}.joints: two joints are '{twice[0]}' there")


def _check_joint(robot: Robot, index: int) -> None:
    joint, home = f"joints.{robot.joints[index]}", robot.home[index]
    lower, upper = robot.limits.lower[index], robot.limits.upper[index]
    if not lower < upper:
        raise ConfigError(f"{joint}: lower {lower} is not below upper {upper}")
    if not lower <= home <= upper:
        raise ConfigError(f"{joint}: home {home} is outside [{lower}, {upper}]")
    center, scale = robot.center[index], robot.scale[index]
    smallest, largest = (bound[index] for bound in robot.command_bounds())
    if center - scale < smallest or center + scale > largest:
        raise ConfigError(
            f"{joint}: action range [{center - scale:.3f}, {center + scale:.3f}] leaves the limits "
            f"[{smallest:.3f}, {largest:.3f}]"
        )

    if robot.interfaces[index] == POSITION and robot.simulation is not None and robot.stiffness[index] == 0.0:
        raise ConfigError(f"{joint}: stiffness is missing or 0, so that position commands move nothing in simulation")
