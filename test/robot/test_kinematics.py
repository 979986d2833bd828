# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Forward kinematics in numpy against PyBullet's, and by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot, load_robot
from ros_rl.robot.kinematics import Kinematics, fixed_angles, rotation
from ros_rl.robot.model import urdf_of
from ros_rl.robot.urdf import Urdf
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.settings.simulators.pybullet import PyBulletSettings


@pytest.mark.parametrize("own", [False, True], ids=["simulated", "of ours"])
def test_the_xarms_tool_is_where_pybullet_has_it(own: bool) -> None:
    robot = load_robot("xarm6")
    kinematics = Kinematics(robot, urdf_of(robot, kinematics=own))
    assert kinematics.points == ("link1", "link2", "link3", "link4", "link5", "link6", "tool")
    backend = PyBulletBackend(robot, PyBulletSettings(), 0.05)
    rng = np.random.default_rng(0)
    for _ in range(20):
        joints = rng.uniform(robot.limits.lower, robot.limits.upper)
        backend.pose(joints)
        truth = backend.truth()
        # PyBullet's links are in its world, where the base stands at the origin
        assert kinematics.positions(joints)[-1] == pytest.approx(truth.tool_position, abs=2e-4)
    backend.close()


@pytest.mark.parametrize("name", ["ur5e", "xarm6", "so101"])
def test_the_tool_is_turned_as_pybullet_has_it_and_moves_by_its_jacobian(name: str) -> None:
    """Position and rotation against PyBullet; the Jacobian against differences of both."""
    robot = load_robot(name)
    kinematics = Kinematics(robot, urdf_of(robot, kinematics=True))
    backend = PyBulletBackend(robot, PyBulletSettings(), 0.05)
    rng, size = np.random.default_rng(0), 1e-6
    for _ in range(10):
        joints = rng.uniform(robot.limits.lower, robot.limits.upper)
        backend.pose(joints)
        truth, tool = backend.truth(), kinematics.tool(joints)
        assert tool.position == pytest.approx(truth.tool_position, abs=2e-4)
        np.testing.assert_allclose(tool.rotation, quaternion_to_matrix(truth.tool_orientation), atol=2e-3)
        for joint, change in enumerate(np.eye(robot.size) * size):
            after, before = kinematics.tool(joints + change), kinematics.tool(joints - change)
            moved = (after.position - before.position) / (2.0 * size)
            turning = (after.rotation - before.rotation) / (2.0 * size) @ tool.rotation.T
            turned = [turning[2, 1], turning[0, 2], turning[1, 0]]
            np.testing.assert_allclose(tool.jacobian[:, joint], [*moved, *turned], atol=1e-8)
    backend.close()


@pytest.mark.parametrize("name", ["so101", "ur5e", "xarm7"])
def test_the_tool_reaches_no_farther_than_its_links_are_long(name: str) -> None:
    robot = load_robot(name)
    kinematics = Kinematics(robot, urdf_of(robot, kinematics=True))
    assert kinematics.reach is not None
    middle, radius = kinematics.reach
    lower, upper = np.maximum(robot.limits.lower, -np.pi), np.minimum(robot.limits.upper, np.pi)
    rng = np.random.default_rng(0)
    places = [kinematics.tool(rng.uniform(lower, upper)).position for _ in range(500)]
    farthest = np.linalg.norm(np.array(places) - middle, axis=1).max()
    assert 0.85 * radius < farthest <= radius


def test_joints_that_do_not_move_the_tool_and_robots_without_one() -> None:
    so101 = load_robot("so101")
    found = Kinematics(so101, urdf_of(so101))
    assert dict(zip(so101.joints, found.tool_joints.tolist(), strict=True)) == {
        "shoulder_pan": True,
        "shoulder_lift": True,
        "elbow_flex": True,
        "wrist_flex": True,
        "wrist_roll": True,
        "gripper": False,
    }
    cart = load_robot("cartpole")
    with pytest.raises(ConfigError, match="robot 'cartpole' has no tool"):
        Kinematics(cart, urdf_of(cart)).tool(cart.home)


def test_sliding_and_turning_joints_by_hand(tmp_path: Path) -> None:
    (tmp_path / "crane.urdf").write_text(
        """<robot name="crane"><link name="base"/><link name="tower"/><link name="trolley"/><link name="hook"/>
        <joint name="turn" type="continuous"><parent link="base"/><child link="tower"/>
          <origin xyz="0 0 2"/><axis xyz="0 0 2"/></joint>
        <joint name="run" type="prismatic"><parent link="tower"/><child link="trolley"/>
          <origin xyz="0 0 0.5" rpy="0 0 1.5707963267948966"/><axis xyz="1 0 0"/>
          <limit lower="0" upper="3" velocity="1" effort="1"/></joint>
        <joint name="hang" type="fixed"><parent link="trolley"/><child link="hook"/><origin xyz="0 0 -1"/></joint>
        </robot>"""
    )
    robot: Robot = replace(load_robot("mock"), joints=("turn", "run"), simulation=None, tool_frame=None)
    kinematics = Kinematics(robot, Urdf(tmp_path / "crane.urdf"))
    assert kinematics.points == ("tower", "trolley", "hook")
    # turned by 90 degrees, the boom that pointed along y points along -x
    found = kinematics.positions(np.array([np.pi / 2, 1.5]))
    assert found == pytest.approx(np.array([[0.0, 0.0, 2.0], [-1.5, 0.0, 2.5], [-1.5, 0.0, 1.5]]))
    assert kinematics.reach is None, "it has no tool"
    simulation = load_robot("xarm6").simulation
    assert simulation is not None
    simulation = replace(simulation, joints={}, tool_link="hook", tool_offset=(0.0, 0.0, -0.25))
    limits = replace(robot.limits, lower=np.array([-3.0, -2.0]), upper=np.array([3.0, 1.0]))
    robot = replace(robot, limits=limits, simulation=simulation, tool_frame="hook")
    reach = Kinematics(robot, Urdf(tmp_path / "crane.urdf")).reach
    assert reach is not None and reach[0].tolist() == [0.0, 0.0, 2.0]
    assert reach[1] == pytest.approx(0.5 + 2.0 + 1.0 + 0.25)


@pytest.mark.parametrize("pitch", [-np.pi / 2, -1.0, 0.0, 0.7, np.pi / 2])
def test_angles_of_a_turn(pitch: float) -> None:
    for roll, yaw in ((0.0, 0.0), (2.5, -1.2), (-0.4, 3.0)):
        turn = rotation(roll, pitch, yaw)
        found = fixed_angles(turn)
        assert rotation(*found) == pytest.approx(turn, abs=1e-6)
        assert found[1] == pytest.approx(pitch, abs=1e-6)
