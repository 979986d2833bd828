# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A file's limits beside those that a robot reports itself: of a description, of servos, of a control box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.backends.own_limits import OwnLimits
from ros_rl.backends.ros2_control.description import limits_of
from ros_rl.backends.xarm.limits import ask_limits
from ros_rl.errors import BackendError
from ros_rl.robot import Robot, load_robot
from ros_rl.robot.hardware import Hardware, HardwareJoint, JointMap
from ros_rl.stand_ins.xarm.arm import LOWER, UPPER

XARM = load_robot("xarm6")
DESCRIPTION = """<?xml version="1.0"?>
<robot name="arm">
  <link name="base"><visual><geometry><mesh filename="package://not_here/base.dae"/></geometry></visual></link>
  <joint name="pan" type="revolute"><limit lower="-1.5" upper="2.5" velocity="3.1" effort="9"/></joint>
  <joint name="roll" type="continuous"><limit velocity="2.0" effort="9"/></joint>
  <joint name="free" type="revolute"/>
  <ros2_control name="arm" type="system"><joint name="pan"><command_interface name="velocity"/></joint></ros2_control>
</robot>"""


def test_a_description_is_read_without_its_meshes() -> None:
    joints = JointMap(("roll", "pan", "free", "absent"), np.ones(4), np.zeros(4))
    own = limits_of(DESCRIPTION, joints)
    np.testing.assert_array_equal(own.lower, [-np.inf, -1.5, -np.inf, -np.inf])
    np.testing.assert_array_equal(own.upper, [np.inf, 2.5, np.inf, np.inf])
    np.testing.assert_array_equal(own.velocity, [2.0, 3.1, np.inf, np.inf])


def test_directions_and_zeros_are_those_of_the_file() -> None:
    own = limits_of(DESCRIPTION, JointMap(("pan", "roll"), np.array([-1.0, 1.0]), np.array([0.25, 0.0])))
    np.testing.assert_allclose([own.lower[0], own.upper[0]], [0.25 - 2.5, 0.25 + 1.5])


@pytest.mark.parametrize("text", ["", "<robot>", DESCRIPTION.replace("-1.5", "${low}")])
def test_what_is_no_description_is_told(text: str) -> None:
    with pytest.raises(BackendError, match="robot_description cannot be read: "):
        limits_of(text, JointMap(("pan",), np.ones(1), np.zeros(1)))


def test_only_what_is_narrower_is_told() -> None:
    limits, none = XARM.limits, np.full(6, np.inf)
    assert list(OwnLimits("x", -none, none, none).narrower_than(XARM)) == []
    assert list(OwnLimits("x", limits.lower, limits.upper, limits.velocity).narrower_than(XARM)) == []
    second, third = np.arange(6) == 1, np.arange(6) == 2
    own = OwnLimits("its box", limits.lower + 0.1 * third, limits.upper - 0.02 * second, limits.velocity - third)
    assert list(own.narrower_than(XARM)) == [
        "upper of joint2 is 1.974 in its file and 1.954 by its box",
        "lower of joint3 is -3.772 in its file and -3.672 by its box",
        "velocity of joint3 is 3.14 in its file and 2.14 by its box",
    ]


@pytest.mark.parametrize("name", ["xarm5", "xarm6", "xarm6_gripper", "xarm7"])
def test_every_year_of_xarms_permits_what_the_file_does(name: str) -> None:
    """By the tables of the vendor's own client, 0.05 rad inside."""
    config = pytest.importorskip("xarm.core.config.x_config").XCONF.Robot
    robot = load_robot(name)
    axes = int(name[4])
    older = {5: "XARM5_X4", 6: "XARM6_X4", 7: "XARM7_X4"}[axes]
    for kind in (older, f"{older}_1305"):
        own = np.array(config.JOINT_LIMITS[axes][getattr(config.Type, kind)])
        assert (robot.limits.lower[:axes] >= own[:, 0] + 0.049).all(), kind
        assert (robot.limits.upper[:axes] <= own[:, 1] - 0.049).all(), kind


def out(position: np.ndarray) -> bool:
    return bool(((position < LOWER) | (position > UPPER)).any())


def test_a_control_box_is_asked_for_the_ends_of_each_range() -> None:
    assert list(ask_limits(XARM, 6, out).narrower_than(XARM)) == []
    far = replace(XARM.limits, upper=np.where(np.arange(6) == 1, 2.5, XARM.limits.upper))
    own = ask_limits(replace(XARM, limits=far), 6, out)
    assert own.upper[1] == pytest.approx(UPPER[1], abs=1e-3) and own.upper[1] <= UPPER[1]
    np.testing.assert_array_equal(np.delete(own.upper, 1), np.delete(far.upper, 1))


def test_a_control_box_is_asked_in_its_own_directions() -> None:
    def turned(zero: float) -> Robot:
        return replace(XARM, hardware={"xarm": Hardware(joints={"joint3": HardwareJoint(sign=-1.0, zero=zero)})})

    own = ask_limits(turned(-1.2), 6, out)
    assert own.lower[2] == pytest.approx(-1.2 - UPPER[2], abs=1e-3) and own.upper[2] == XARM.limits.upper[2]
    with pytest.raises(BackendError, match="takes home for out of its joints' limits"):
        ask_limits(turned(0.0), 6, out)


def test_a_gripper_has_no_limits_by_the_control_box() -> None:
    robot = load_robot("xarm6_gripper")
    asked: list[int] = []
    own = ask_limits(robot, 6, lambda position: bool(asked.append(len(position))))
    assert set(asked) == {6} and list(own.narrower_than(robot)) == []
