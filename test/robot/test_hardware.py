# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Joints as a robot's own controller knows them: names, directions, zeros; refused where they make no sense."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from ros_rl.errors import ConfigError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot


def write(folder: Path, joints: dict) -> str:
    content = yaml.safe_load(share_path("config", "robots", "xarm6.yaml").read_text())
    content["hardware"] = {"own": {"joints": joints}}
    (folder / "robot.yaml").write_text(yaml.safe_dump(content))
    return str(folder / "robot.yaml")


def test_names_signs_and_zeros_both_ways(tmp_path: Path) -> None:
    there = load_robot(write(tmp_path, {"joint2": {"name": "2", "sign": -1.0, "zero": 0.5}})).joint_map("own")
    assert there.names == ("joint1", "2", "joint3", "joint4", "joint5", "joint6")
    here = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert there.position_there(here) == pytest.approx([0.1, 0.3, 0.3, 0.4, 0.5, 0.6])  # -(0.2 - 0.5)
    assert there.position_here(there.position_there(here)) == pytest.approx(here)
    assert there.turned(np.ones(6)) == pytest.approx([1.0, -1.0, 1.0, 1.0, 1.0, 1.0])


def test_driver_without_a_section_finds_the_joints_as_they_are() -> None:
    robot = load_robot("xarm6")
    assert robot.joint_map("own").names == robot.joints
    assert robot.joint_map("own").position_there(robot.home) == pytest.approx(robot.home)


@pytest.mark.parametrize(
    ("joints", "complaint"),
    [
        ({"joint9": {}}, "hardware.own.joints.joint9: the robot has no such joint; it has joint1"),
        ({"joint1": {"sign": 0.5}}, "hardware.own.joints.joint1.sign is 0.5, allowed: 1, -1"),
        ({"joint1": {"name": ""}}, "hardware.own.joints.joint1.name is '', expected one that is not empty"),
        ({"joint1": {"name": "joint2"}}, "hardware.own.joints: two joints are 'joint2' there"),
        ({"joint1": {"zero": float("nan")}}, "hardware.own.joints.joint1.zero"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, joints: dict, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint.replace("[", r"\[")):
        load_robot(write(tmp_path, joints))
