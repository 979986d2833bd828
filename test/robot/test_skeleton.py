# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's file made from a URDF loads, fits it, and says of it what it says."""

import numpy as np
import pytest
from boxes import joint, link

from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.robot.findings import compare
from ros_rl.robot.model import check_model, write_skeleton


def made(folder, *parts):
    (folder / "some.urdf").write_text(f'<robot name="my robot">{"".join(parts)}</robot>')
    write_skeleton(str(folder / "some.urdf"), folder / "robot.yaml")
    robot = load_robot(str(folder / "robot.yaml"))
    assert list(compare(robot, check_model(robot))) == []
    return robot


def test_an_arm(tmp_path) -> None:
    tip = (joint("flange", "tool", "fixed", "hand"), link("tool"))
    robot = made(
        tmp_path,
        link("base"),
        joint("hip", "arm"),
        link("arm"),
        joint("wrist", "hand", parent="arm"),
        link("hand"),
        *tip,
    )
    assert (robot.name, robot.joints, robot.interfaces) == ("my_robot", ("hip", "wrist"), ("velocity",) * 2)
    assert (robot.base_frame, robot.tool_frame, robot.simulation.tool_link) == ("base", "tool", "tool")
    assert not robot.floating_base and "tool_position" in robot.sensors
    limits = robot.limits
    for values, expected in ((limits.lower, -1), (limits.upper, 2), (limits.velocity, 4), (limits.effort, 50)):
        np.testing.assert_array_equal(values, [expected] * 2)
    assert robot.simulation.inertia_from_urdf


def test_a_base_on_wheels(tmp_path) -> None:
    wheels = [joint(f"wheel_{side}", side, "continuous") + link(side) for side in ("left", "right")]
    robot = made(tmp_path, link("base"), *wheels, joint("lift", "fork", "prismatic"), link("fork"))
    assert robot.floating_base and robot.tool_frame is None
    assert robot.endless == ("wheel_left", "wheel_right") and "base_linear_velocity" in robot.sensors
    np.testing.assert_array_equal(robot.limits.upper, [np.inf, np.inf, 2.0])


def test_a_home_that_is_no_end_of_the_range(tmp_path) -> None:
    elbow = joint("elbow", "arm").replace('lower="-1"', 'lower="0"')
    robot = made(tmp_path, link("base"), elbow, link("arm"))
    np.testing.assert_array_equal(robot.home, [1.0])


def test_a_joint_that_mimics_and_one_that_is_fixed_are_left_out(tmp_path) -> None:
    finger = joint("finger_2", "right", more='<mimic joint="finger_1"/>')
    (tmp_path / "some.urdf").write_text(
        f'<robot name="g">{link("base")}{joint("finger_1", "left")}{link("left")}{finger}{link("right", None)}</robot>'
    )
    write_skeleton(str(tmp_path / "some.urdf"), tmp_path / "robot.yaml")
    robot = load_robot(str(tmp_path / "robot.yaml"))
    assert robot.joints == ("finger_1",) and not robot.simulation.inertia_from_urdf


@pytest.mark.parametrize("name", ["kuka_iiwa/model.urdf", "husky/husky.urdf", "racecar/racecar.urdf", "r2d2.urdf"])
def test_robots_of_pybullet(tmp_path, name) -> None:
    pytest.importorskip("pybullet_data")
    write_skeleton(name, tmp_path / "robot.yaml")
    check_model(load_robot(str(tmp_path / "robot.yaml")))


def test_a_file_that_is_there_is_kept(tmp_path) -> None:
    made(tmp_path, link("base"), joint("hip", "arm"), link("arm"))
    with pytest.raises(ConfigError, match="robot.yaml is there already"):
        write_skeleton(str(tmp_path / "some.urdf"), tmp_path / "robot.yaml")
    with pytest.raises(ConfigError, match="robot.txt: a robot's file ends in .yaml"):
        write_skeleton(str(tmp_path / "some.urdf"), tmp_path / "robot.txt")
