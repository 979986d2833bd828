# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Arms' URDFs of ours are the arms that their vendors publish, by their Denavit-Hartenberg parameters."""

import numpy as np
import pytest

from ros_rl.robot import load_robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.types import Array

Q = np.pi / 2
LINKS: dict[str, tuple[tuple[float, float, float, float], ...]] = {  # a [m], d [m], alpha [rad], offset of theta [rad]
    "xarm5": (  # UFACTORY, "xArm user manual", appendix: kinematics
        (0.0, 0.267, -Q, 0.0),
        (0.28948866, 0.0, 0.0, -1.3849179),
        (0.351158796, 0.0, 0.0, 2.7331843),
        (0.076, 0.0, -Q, -1.3482664),
        (0.0, 0.097, 0.0, 0.0),
    ),
    "xarm7": (
        (0.0, 0.267, -Q, 0.0),
        (0.0, 0.0, Q, 0.0),
        (0.0525, 0.293, Q, 0.0),
        (0.0775, 0.0, Q, 0.0),
        (0.0, 0.3425, Q, 0.0),
        (0.076, 0.0, -Q, 0.0),
        (0.0, 0.097, 0.0, 0.0),
    ),
    "ur5": (  # universal-robots.com, "DH Parameters for calculations of kinematics and dynamics"
        (0.0, 0.089159, Q, 0.0),
        (-0.425, 0.0, 0.0, 0.0),
        (-0.39225, 0.0, 0.0, 0.0),
        (0.0, 0.10915, Q, 0.0),
        (0.0, 0.09465, -Q, 0.0),
        (0.0, 0.0823, 0.0, 0.0),
    ),
}
TURNED = {"ur5": np.array([-1.0, -1.0, 1.0])}  # base_link is turned by pi from the controller's base
IN_FRONT = {"xarm5": (0.366, 0.0, 0.291), "xarm7": (0.363, 0.0, 0.299), "ur5": (0.443, 0.109, 0.244)}


def tool(name: str, joints: Array) -> Array:
    """Tool flange in the base frame [m]."""
    pose = np.eye(4)
    for theta, (a, d, alpha, offset) in zip(joints, LINKS[name], strict=True):
        (c, ca), (s, sa) = np.cos([theta + offset, alpha]), np.sin([theta + offset, alpha])
        pose = pose @ np.array(
            [[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0.0, sa, ca, d], [0.0, 0.0, 0.0, 1.0]]
        )
    return pose[:3, 3] * TURNED.get(name, np.ones(3))


@pytest.mark.parametrize("name", LINKS)
def test_the_tool_is_where_the_published_parameters_say(name: str) -> None:
    robot = load_robot(name)
    kinematics, rng = Kinematics(robot, urdf_of(robot, kinematics=True)), np.random.default_rng(0)
    for joints in rng.uniform(-3.0, 3.0, (50, robot.size)):
        np.testing.assert_allclose(kinematics.positions(joints)[-1], tool(name, joints), atol=2e-5)
    np.testing.assert_allclose(kinematics.positions(robot.home)[-1], IN_FRONT[name], atol=0.001)


@pytest.mark.parametrize("name", LINKS)
def test_at_home_nothing_touches_and_a_velocity_is_followed(name: str) -> None:
    pytest.importorskip("pybullet")
    from ros_rl.stand_ins.body import Body

    robot = load_robot(name)
    body = Body(robot, "velocity", 250.0, "table")
    try:
        speed = np.zeros(robot.size)
        speed[0] = 0.4
        for _ in range(125):
            body.step(speed)
        moved = body.measurement["joint_position"] - robot.home
        np.testing.assert_allclose(moved, 0.5 * speed, atol=0.03)
    finally:
        body.close()
