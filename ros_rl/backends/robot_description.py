# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's URDF as ROS tools want it: the joints named as in the robot's YAML file, meshes found by their paths."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from ros_rl.errors import ConfigError
from ros_rl.resources import share_path
from ros_rl.robot import Robot


def urdf_path(robot: Robot) -> Path:
    """The URDF that the simulator loads.

    Raises:
        MissingDependencyError: It is PyBullet's, which is not installed.
        ConfigError: The robot has none.
    """
    if robot.simulation is None:
        raise ConfigError(f"robot '{robot.name}' has no URDF")
    name = robot.simulation.urdf
    own = share_path() / "sim" / name
    if own.exists():
        return own
    from ros_rl.backends.pybullet.scene import data_path

    return data_path() / name


def robot_description(robot: Robot) -> str:
    """The URDF for `robot_state_publisher`; where no link is the robot's base frame, the root link becomes it."""
    path, simulation = urdf_path(robot), robot.simulation
    tree = ET.parse(path)
    root = tree.getroot()
    assert simulation is not None  # which has the URDF
    renamed = {theirs: ours for ours, theirs in simulation.joints.items()}
    for joint in root.iter("joint"):
        joint.set("name", renamed.get(joint.get("name", ""), joint.get("name", "")))
    named = {link.get("name") for link in root.findall("link")}
    base = robot.base_frame if robot.base_frame in named else _root_link(root)
    for element in root.iter():
        if element.tag == "link" and element.get("name") == base:
            element.set("name", robot.base_frame)
        if element.tag in ("parent", "child") and element.get("link") == base:
            element.set("link", robot.base_frame)
        if element.tag == "mesh":
            element.set("filename", _mesh_uri(element.get("filename", ""), path.parent))
    return ET.tostring(root, encoding="unicode")


def _root_link(root: ET.Element) -> str:
    children = {element.get("link") for element in root.iter("child")}
    return next(name for link in root.findall("link") if (name := link.get("name", "")) not in children)


def _mesh_uri(name: str, folder: Path) -> str:
    relative = name.removeprefix("package://")
    return f"file://{(folder / relative).resolve()}"
