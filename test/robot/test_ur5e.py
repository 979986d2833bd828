# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The UR5e's URDF is the arm that its vendor publishes."""

import numpy as np
import pytest

from ros_rl.robot import load_robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.types import Array

QUARTER = np.pi / 2
LINKS = (  # a [m], d [m], alpha [rad]: Denavit-Hartenberg parameters, universal-robots.com
    (0.0, 0.1625, QUARTER),
    (-0.425, 0.0, 0.0),
    (-0.3922, 0.0, 0.0),
    (0.0, 0.1333, QUARTER),
    (0.0, 0.0997, -QUARTER),
    (0.0, 0.0996, 0.0),
)


def tool_of_the_controller(joints: Array) -> Array:
    """Tool flange in the controller's base frame [m]."""
    pose = np.eye(4)
    for theta, (a, d, alpha) in zip(joints, LINKS, strict=True):
        (c, ca), (s, sa) = np.cos([theta, alpha]), np.sin([theta, alpha])
        pose = pose @ np.array(
            [[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0.0, sa, ca, d], [0.0, 0.0, 0.0, 1.0]]
        )
    return pose[:3, 3]


@pytest.fixture(scope="module")
def kinematics() -> Kinematics:
    robot = load_robot("ur5e")
    return Kinematics(robot, urdf_of(robot, kinematics=True))


def test_the_tool_is_where_the_published_parameters_say(kinematics: Kinematics) -> None:
    rng = np.random.default_rng(0)
    for joints in rng.uniform(-3.0, 3.0, (50, 6)):
        turned = tool_of_the_controller(joints) * [-1.0, -1.0, 1.0]  # base_link is turned by pi
        np.testing.assert_allclose(kinematics.positions(joints)[-1], turned, atol=1e-6)


def test_the_home_pose_is_in_front_and_above_the_table(kinematics: Kinematics) -> None:
    np.testing.assert_allclose(kinematics.positions(load_robot("ur5e").home)[-1], [0.45, 0.133, 0.3], atol=0.005)
