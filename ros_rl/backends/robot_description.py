# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's URDF as ROS tools want it: joints named as in the robot's YAML file, meshes so that they are found."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

from ros_rl.cameras.pinhole import optical_axes
from ros_rl.errors import RosRlError
from ros_rl.resources import share_path
from ros_rl.robot import Camera, Robot
from ros_rl.robot.kinematics import fixed_angles
from ros_rl.robot.model import urdf_of
from ros_rl.robot.model_files import PACKAGE, ros_shares
from ros_rl.sensors.cameras import optical_frame


def robot_description(robot: Robot) -> str:
    """The URDF for `robot_state_publisher`; where no link is the robot's base frame, the root link becomes it.

    It has the optical frames of cameras that look, but for those that stand in the world while the base moves.

    Raises:
        RosRlError: See `ros_rl.robot.model.urdf_of`.
    """
    urdf, simulation = urdf_of(robot), robot.simulation
    root = urdf.root
    assert simulation is not None  # which has the URDF
    renamed = {theirs: ours for ours, theirs in simulation.joints.items()}
    for joint in root.iter("joint"):
        joint.set("name", renamed.get(joint.get("name", ""), joint.get("name", "")))
    named = {link.get("name") for link in root.findall("link")}
    base = robot.base_frame if robot.base_frame in named else urdf.root_link
    for name, camera in robot.cameras.items():
        if camera.link is not None or not robot.floating_base:
            _add_optical_frame(root, name, camera, base)
    for element in root.iter():
        if element.tag == "link" and element.get("name") == base:
            element.set("name", robot.base_frame)
        if element.tag in ("parent", "child") and element.get("link") == base:
            element.set("link", robot.base_frame)
        if element.tag == "mesh":
            name = element.get("filename", "")
            element.set("filename", _mesh_uri(name, urdf.mesh(name)))
    return ET.tostring(root, encoding="unicode")


def _add_optical_frame(root: ET.Element, name: str, camera: Camera, base: str) -> None:
    """A link without a body, fixed to what carries the camera."""
    frame = optical_frame(name)
    ET.SubElement(root, "link", name=frame)
    joint = ET.SubElement(root, "joint", name=f"{frame}_joint", type="fixed")
    ET.SubElement(joint, "parent", link=camera.link or base)
    ET.SubElement(joint, "child", link=frame)
    ET.SubElement(joint, "origin", xyz=_text(camera.position), rpy=_text(fixed_angles(optical_axes(camera))))


def _text(numbers: Iterable[float]) -> str:
    return " ".join(f"{number:.9g}" for number in numbers)


def known_description(robot: Robot) -> str:
    """The same; empty where there is none."""
    try:
        return robot_description(robot)
    except RosRlError:
        return ""


def _mesh_uri(name: str, path: Path) -> str:
    """``package://``, which holds on every machine with that package: the one that it names or lies in.

    Else an absolute path, as for what PyBullet brings, which is no ROS package.
    """
    package, _, rest = name.removeprefix(PACKAGE).partition("/")
    for share in ros_shares():
        if name.startswith(PACKAGE) and (share / package / rest).is_file():
            return name
        if path.is_relative_to(share):
            return f"{PACKAGE}{path.relative_to(share)}"
    own = share_path()
    return f"{PACKAGE}ros_rl/{path.relative_to(own)}" if path.is_relative_to(own / "sim") else f"file://{path}"
