# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Grippers in robots' files: how wide by which position, and what is refused; fingers that follow a joint."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from ros_rl.errors import ConfigError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.robot.urdf import Urdf


@pytest.mark.parametrize(
    ("name", "position", "width"),
    [("ur5e_gripper", 0.0, 0.085), ("ur5e_gripper", 0.6, 0.02125), ("xarm6_gripper", 0.85, 0.0)],
)
def test_how_wide_it_is(name: str, position: float, width: float) -> None:
    gripper = load_robot(name).gripper
    assert gripper is not None
    assert gripper.width_at(position) == pytest.approx(width) and gripper.position_at(width) == pytest.approx(position)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"joint": "hand"}, "gripper.joint: the robot has no joint 'hand'; it has gripper, joint1"),
        ({"joint": "joint6"}, "gripper.joint: joint6 takes velocity commands, allowed: position"),
        ({"closed": 0.0}, "gripper: closed and opened are both 0"),
        ({"closed": 0.9}, r"gripper.closed 0.9 is outside \[0, 0.85\] of its joint"),
        ({"width": 0.0}, "'gripper.width' is 0.0"),
    ],
)
def test_grippers_that_cannot_be(tmp_path: Path, change: dict[str, object], text: str) -> None:
    file = yaml.safe_load(share_path("config", "robots").joinpath("xarm6_gripper.yaml").read_text())
    file["gripper"] |= change
    (tmp_path / "arm.yaml").write_text(yaml.safe_dump(file))
    with pytest.raises(ConfigError, match=text):
        load_robot(str(tmp_path / "arm.yaml"))


@pytest.mark.parametrize("name", ["ur5e_gripper", "xarm6_gripper"])
def test_fingers_are_as_far_apart_as_it_is_wide(name: str) -> None:
    """By the numpy kinematics, in which fingers follow their joint; pads are on their links' own planes y = 0."""
    robot = load_robot(name)
    kinematics, gripper = Kinematics(robot, urdf_of(robot)), robot.gripper
    assert gripper is not None
    fingers = [kinematics.points.index(f"{side}_finger_link") for side in ("left", "right")]
    for width in (0.0, 0.03, 0.085):
        joints = robot.home.copy()
        joints[robot.joints.index("gripper")] = gripper.position_at(width)
        left, right = kinematics.positions(joints)[fingers]
        assert np.linalg.norm(left - right) == pytest.approx(width, abs=1e-9)


def test_a_joint_that_follows_by_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hand.urdf").write_text(
        """<robot name="hand"><link name="palm"/><link name="one"/><link name="two"/>
        <joint name="a" type="prismatic"><parent link="palm"/><child link="one"/></joint>
        <joint name="b" type="prismatic"><parent link="palm"/><child link="two"/>
          <mimic joint="a" multiplier="0"/></joint>
        </robot>"""
    )
    with pytest.raises(ConfigError, match="mimic of joint 'b' has multiplier 0, so that it follows nothing"):
        Urdf(tmp_path / "hand.urdf")
