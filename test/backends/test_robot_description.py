# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Meshes are named so that other machines find them, where that can be."""

import re
from dataclasses import replace
from pathlib import Path

from ros_rl.backends.robot_description import known_description, robot_description
from ros_rl.robot import load_robot
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
