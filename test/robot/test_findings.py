# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot's file and its URDF say differently is found, each in one line, and nothing where they agree."""

import pytest
from boxes import entry, joint, link, write_robot

from ros_rl.robot import load_robot
from ros_rl.robot.findings import compare
from ros_rl.robot.model import check_model

ARM = (link("base"), joint("hip", "arm"), link("arm"))


def found(folder, *parts, joints=None, **changes):
    robot = load_robot(write_robot(folder, *parts, joints=joints or {"hip": entry()}, **changes))
    return [(finding.text, finding.fatal) for finding in compare(robot, check_model(robot))]


def test_two_that_agree(tmp_path) -> None:
    assert found(tmp_path, *ARM) == []
    assert found(tmp_path, *ARM, joints={"hip": entry(lower=-1.002, upper=1.0, velocity=3.0, effort=20.0)}) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"upper": 2.5}, "joints.hip: [-1, 2.5] is wider than [-1, 2] of the URDF, at whose ends the simulated joint"),
        ({"lower": -1.1}, "joints.hip: [-1.1, 2] is wider than"),
        ({"velocity": 5.0}, "joints.hip: velocity 5 is more than 4 of the URDF"),
        ({"effort": 60.0}, "joints.hip: effort 60 is more than 50 of the URDF"),
    ],
)
def test_limits_beyond_those_of_the_urdf(tmp_path, changes, text) -> None:
    ((said, fatal),) = found(tmp_path, *ARM, joints={"hip": entry(**changes)})
    assert said.startswith(text) and not fatal


def test_a_home_that_the_joint_cannot_reach(tmp_path) -> None:
    wider, home = found(tmp_path, *ARM, joints={"hip": entry(upper=3.0, home=2.5)})
    assert not wider[1] and home == ("joints.hip: home 2.5 is outside [-1, 2] of the URDF", True)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (joint("knee", "leg", more='<mimic joint="toe"/>'), "joint 'knee' of the URDF mimics 'toe', which is no joint"),
        (joint("knee", "leg", "floating"), "joint 'knee' of the URDF is floating, which PyBullet takes for fixed"),
        (joint("knee", "leg"), "joint 'knee' of the URDF (revolute) is neither in joints nor in passive_joints"),
        (
            joint("knee", "leg", "planar"),
            "joint 'knee' of the URDF (planar) is neither in joints nor in passive_joints",
        ),
    ],
)
def test_joints_that_the_file_does_not_know(tmp_path, part, text) -> None:
    ((said, fatal),) = found(tmp_path, *ARM, part, link("leg"))
    assert said.startswith(text) and not fatal


def test_a_joint_that_follows_one_of_the_robots_is_nothing_to_speak_of(tmp_path) -> None:
    assert found(tmp_path, *ARM, joint("knee", "leg", more='<mimic joint="hip"/>'), link("leg")) == []


def test_joints_that_are_fixed_or_measured_are_nothing_to_speak_of(tmp_path) -> None:
    passive = {"passive_joints": {"knee": {"home": 0.0}}}
    sensors = ["joint_position", "passive_position", "passive_velocity"]
    parts = (joint("knee", "leg", "continuous"), link("leg"), joint("plate", "top", "fixed"), link("top"))
    assert found(tmp_path, *ARM, *parts, sensors=sensors, **passive) == []


def test_links_without_inertia_and_without_mass(tmp_path) -> None:
    bare = (link("base", None), joint("hip", "arm"), link("arm", None))
    text = "links of the URDF without inertia, each of which PyBullet gives 1 kg: "
    assert found(tmp_path, *bare) == [(f"{text}arm", False)], "the base is fixed, its mass is nothing to it"
    assert found(tmp_path, *bare, floating_base=True) == [(f"{text}base, arm", False)]
    ((said, fatal),) = found(tmp_path, link("base"), joint("hip", "arm"), link("arm", 0.0))
    assert said == "link 'arm' of the URDF moves and has no mass, which no simulator can move" and fatal
