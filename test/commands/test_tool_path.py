# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Ways of an arm's tool: straight, with the tool held, and refused where it cannot or may not go."""

import numpy as np
import pytest

from ros_rl.commands.tool_path import tool_path
from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.settings.loading import load_settings

POINTS = [[0.42, 0.15, 0.15], [0.48, 0.2, 0.03], [0.36, -0.1, 0.1]]


@pytest.mark.parametrize("name", ["xarm6_gripper", "ur5e_gripper"])
def test_the_tool_goes_straight_from_point_to_point_and_is_held(name):
    robot = load_robot(name)
    kinematics = Kinematics(robot, urdf_of(robot))
    path = tool_path(robot, 0.05, POINTS, "here")
    tools = [kinematics.tool(place) for place in path]
    home = kinematics.tool(robot.home)
    corners = np.array([home.position, *POINTS, home.position])
    at, left = 0, [0]
    for number, tool in enumerate(tools):
        np.testing.assert_allclose(tool.rotation, home.rotation, atol=1e-3)
        if at < 4 and np.linalg.norm(tool.position - corners[at + 1]) < 2e-3 and number > 1:
            at += 1
            left.append(number)
        begin, way = corners[min(at, 3)], corners[min(at, 3) + 1] - corners[min(at, 3)]
        off = tool.position - begin
        assert np.linalg.norm(off - (off @ way) / (way @ way) * way) < 2e-3 or number == left[-1]
    assert at == 4, "every point is reached, in order, and home again"
    assert np.linalg.norm(np.diff([tool.position for tool in tools], axis=0), axis=1).max() < 0.031


def test_the_gripper_opens_and_closes_at_the_first_point_and_stays_closed_until_the_arm_is_home():
    robot = load_robot("xarm6_gripper")  # 0 open, 0.85 closed, 0.425 at home
    grips = tool_path(robot, 0.05, POINTS, "here")[:, -1]
    changes = grips[np.flatnonzero(np.diff(grips, prepend=np.nan) != 0.0)]
    np.testing.assert_allclose(changes, [0.425, 0.0, 0.85, 0.425])


@pytest.mark.parametrize(
    ("robot", "points", "words"),
    [
        ("xarm6_gripper", [[0.4, 0.1, 0.1], [0.4, 0.1, 0.005]], r"on the way to point 2 \[0.4, 0.1, 0.005\] m tool at"),
        ("xarm6_gripper", [[0.9, 0.0, 0.2]], "stays 0.0.. m behind: it does not reach so far"),
        ("xarm6_gripper", [[0.1, 0.0, 0.05]], "joint 'joint3' of robot 'xarm6_gripper' would leave its limits"),
        ("so101", [[0.2, 0.0, 0.1]], "here needs joints that take velocities"),
        ("a1", [[0.2, 0.0, 0.1]], "here needs a tool"),
    ],
)
def test_where_it_cannot_go_is_told(robot, points, words):
    with pytest.raises(ConfigError, match=words):
        tool_path(load_robot(robot), 0.05, points, "here")


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (["driver.resets=sweep", "driver.sweep=[]"], "driver.resets is 'sweep', but driver.sweep names no points"),
        (
            ["driver.sweep=[[0.4, 0.1, 0.2], [0.4, -0.1, 0.2]]"],
            r"expected one flat list, \[0.4, 0.1, 0.2, 0.4, -0.1, 0.2\]: ",
        ),
        (["driver.sweep=[0.4, 0.1]"], "driver.sweep has 2 numbers, expected x, y and z of each point"),
        (["driver.resets=sweep", "driver.sweep=[0.4, 0.1, 0.0]"], "driver.sweep: on the way to point 1"),
    ],
)
def test_settings_refuse_it(sets, words):
    with pytest.raises(ConfigError, match=words):
        load_settings("xarm_pick_place", overrides=sets).load_robot()
