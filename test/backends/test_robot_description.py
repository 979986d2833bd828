# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Meshes are named so that other machines find them, where that can be; cameras that look have their frames."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ros_rl.backends.robot_description import known_description, robot_description
from ros_rl.robot import Camera, load_robot
from ros_rl.robot.robot import Simulation


def described(folder: Path, mesh: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    urdf = folder / "robot.urdf"
    visual = f'<visual><geometry><mesh filename="{mesh}"/></geometry></visual>'
    urdf.write_text(f'<robot name="r"><link name="base_link">{visual}</link></robot>')
    robot = replace(load_robot("mock"), simulation=Simulation(urdf=str(urdf)))
    return re.search('filename="([^"]*)"', robot_description(robot))[1]


def test_meshes_of_a_ros_package_are_found_by_its_name_on_every_machine(tmp_path, monkeypatch) -> None:
    package = tmp_path / "install" / "share" / "arm_description"
    (package / "meshes").mkdir(parents=True)
    (package / "meshes" / "arm.stl").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "install"))
    expected = "package://arm_description/meshes/arm.stl"
    assert described(package / "urdf", "../meshes/arm.stl") == expected
    assert described(package / "urdf", "package://arm_description/meshes/arm.stl") == expected


def test_meshes_of_no_package_are_found_by_their_path(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    (tmp_path / "arm.stl").touch()
    assert described(tmp_path, "arm.stl") == f"file://{tmp_path / 'arm.stl'}"


def test_a_robot_without_a_urdf_has_no_description() -> None:
    assert known_description(load_robot("mock")) == ""


LOOKS = {
    # right, down and ahead, as columns, by hand
    "forward": (dict(target=(1.0, 0.0, 0.0)), [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
    "rolled": (dict(target=(1.0, 0.0, 0.0), up=(0.0, 1.0, 0.0)), [[0, 0, 1], [0, -1, 0], [1, 0, 0]]),
    "rolled the other way": (dict(target=(1.0, 0.0, 0.0), up=(0.0, -1.0, 0.0)), [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
    "down": (dict(target=(0.0, 0.0, -1.0), up=(1.0, 0.0, 0.0)), [[0, -1, 0], [-1, 0, 0], [0, 0, -1]]),
}


@pytest.mark.parametrize("link", [None, "hand_link"])
@pytest.mark.parametrize(("pose", "axes"), LOOKS.values(), ids=LOOKS)
def test_an_optical_frame_is_where_its_camera_is(link, pose, axes) -> None:
    """As PyBullet has the frame that the description names."""
    pytest.importorskip("pybullet")
    from ros_rl.backends.pybullet.client import pybullet

    place = (0.1, -0.2, 0.3)
    pose = pose | {"position": place, "target": tuple(np.add(pose["target"], place).tolist())}
    camera = Camera(link=link, field_of_view=1.0, **pose)
    root = ET.fromstring(robot_description(replace(load_robot("xarm6_gripper"), cameras={"eye": camera})))
    assert root.find("link[@name='eye_optical_frame']") is not None
    joint = root.find("joint[@name='eye_optical_frame_joint']")
    assert joint.get("type") == "fixed" and joint.find("child").get("link") == "eye_optical_frame"
    assert joint.find("parent").get("link") == (link or "link_base")
    place, turned = ([float(part) for part in joint.find("origin").get(key).split()] for key in ("xyz", "rpy"))
    assert place == pytest.approx([0.1, -0.2, 0.3])
    matrix = pybullet.getMatrixFromQuaternion(pybullet.getQuaternionFromEuler(turned))
    assert np.reshape(matrix, (3, 3)) == pytest.approx(np.array(axes), abs=1e-6)


def test_a_camera_that_stands_in_the_world_is_no_part_of_a_robot_that_moves() -> None:
    camera = Camera(position=(1.0, 0.0, 1.0), target=(0.0, 0.0, 0.0), field_of_view=1.0)
    go2 = load_robot("go2")
    assert "optical" not in robot_description(replace(go2, cameras={"room": camera}))
    assert "optical" in robot_description(replace(go2, cameras={"nose": replace(camera, link="base_link")}))
    assert "optical" not in robot_description(load_robot("xarm6_gripper"))  # none looks
