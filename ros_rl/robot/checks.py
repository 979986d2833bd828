# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What makes no sense of a robot, though each key of its file is right by itself."""

from __future__ import annotations

import math
import re

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.robot.robot import EFFORT, POSITION, VELOCITY, Robot

_UNIT = 1e-6  # how far the length of an axis may be from 1
_CAMERA_NAME = re.compile(r"[a-z][a-z0-9_]*")  # a part of topics


def check_robot(robot: Robot) -> None:
    """Refuse a robot whose parts do not fit each other.

    Raises:
        ConfigError: Naming the key, and what would be right.
    """
    if not robot.joints:
        raise ConfigError("joints: there is none")
    _check_texts(robot)
    _check_safety(robot)
    _check_tool(robot)
    _check_passive(robot)
    _check_mirror(robot)
    _check_simulation(robot)
    _check_legs(robot)
    _check_gripper(robot)
    _check_cameras(robot)
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
    for name in safety.velocity_of:
        if name not in robot.joints:
            raise ConfigError(
                f"safety.velocity_of names {name}, which is no joint; there are {', '.join(robot.joints)}"
            )
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


def _check_gripper(robot: Robot) -> None:
    gripper = robot.gripper
    if gripper is None:
        return
    if gripper.joint not in robot.joints:
        raise ConfigError(f"gripper.joint: the robot has no joint '{gripper.joint}'; it has {', '.join(robot.joints)}")
    index = robot.joints.index(gripper.joint)
    if robot.interfaces[index] != POSITION:
        raise ConfigError(f"gripper.joint: {gripper.joint} takes {robot.interfaces[index]} commands, allowed: position")
    if gripper.closed == gripper.opened:
        raise ConfigError(f"gripper: closed and opened are both {gripper.closed:g}")
    lower, upper = robot.limits.lower[index], robot.limits.upper[index]
    for key in ("closed", "opened"):
        if not lower <= getattr(gripper, key) <= upper:
            raise ConfigError(f"gripper.{key} {getattr(gripper, key):g} is outside [{lower:g}, {upper:g}] of its joint")


def _check_cameras(robot: Robot) -> None:
    for name, camera in robot.optional_cameras.items():
        key = f"cameras.{name}"
        if not _CAMERA_NAME.fullmatch(name):
            raise ConfigError(f"{key}: expected a name of small letters, digits and _ that begins with a letter")
        if camera.link is not None and robot.simulation is None:
            raise ConfigError(f"{key}.link is '{camera.link}', but the robot has no URDF: leave it out")
        ahead, up = np.subtract(camera.target, camera.position), np.array(camera.up)
        if np.linalg.norm(np.cross(ahead, up)) <= _UNIT * np.linalg.norm(ahead) * np.linalg.norm(up):
            raise ConfigError(
                f"{key} looks from {[*camera.position]} to {[*camera.target]} with up {[*camera.up]}: expected two "
                "points, and an up that is not along the way from one to the other"
            )
        if camera.nearest >= camera.farthest:
            raise ConfigError(f"{key}: nearest {camera.nearest:g} is not below farthest {camera.farthest:g}")


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
