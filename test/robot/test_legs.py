# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Legs by a robot's file: feet where the URDF has them, velocities by differences; what makes no sense is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ros_rl.errors import ConfigError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.legs import Legs
from ros_rl.robot.model import urdf_of

ROBOTS = ("a1", "go2")


@pytest.fixture(params=ROBOTS)
def robot(request):
    return load_robot(request.param)


def positions(robot, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(robot.limits.lower, robot.limits.upper)


@pytest.mark.parametrize("seed", range(5))
def test_the_feet_are_where_the_urdf_has_them(robot, seed) -> None:
    pytest.importorskip("pybullet_data")  # has the A1's
    kinematics, where = Kinematics(robot, urdf_of(robot)), positions(robot, seed)
    of_urdf = dict(zip(kinematics.points, kinematics.positions(where), strict=True))
    legs = Legs(robot.joints, robot.legs)
    assert legs.feet == robot.contact_links
    np.testing.assert_allclose(legs.at(where).position, [of_urdf[foot] for foot in legs.feet], atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_feet_are_where_pybullet_has_them(robot, seed) -> None:
    pybullet = pytest.importorskip("pybullet")
    from pybullet_utils.bullet_client import BulletClient

    client, where = BulletClient(pybullet.DIRECT), positions(robot, seed)
    try:
        body = client.loadURDF(str(urdf_of(robot).path), useFixedBase=True)
        infos = [client.getJointInfo(body, joint) for joint in range(client.getNumJoints(body))]
        joints, links = ({info[column].decode(): info[0] for info in infos} for column in (1, 12))
        for name, value in zip(robot.joints, where, strict=True):
            client.resetJointState(body, joints[robot.simulation.joints.get(name, name)], value)
        base = client.multiplyTransforms(
            *client.getBasePositionAndOrientation(body), *client.invertTransform(*client.getDynamicsInfo(body, -1)[3:5])
        )[0]
        feet = [client.getLinkState(body, links[foot], computeForwardKinematics=True)[4] for foot in robot.legs]
    finally:
        client.disconnect()
    np.testing.assert_allclose(
        Legs(robot.joints, robot.legs).at(where).position, np.subtract(feet, base), atol=1e-7
    )  # single precision there


@pytest.mark.parametrize("seed", range(3))
def test_jacobian_and_axes_by_differences(robot, seed) -> None:
    legs, where, small = Legs(robot.joints, robot.legs), positions(robot, seed), 1e-6
    there = legs.at(where)
    for foot, joints in enumerate(legs.joints):
        for column, joint in enumerate(joints):
            step = small * np.eye(robot.size)[joint]
            moved = (legs.at(where + step).position - legs.at(where - step).position) / (2 * small)
            np.testing.assert_allclose(moved[foot], there.jacobian[foot, :, column], atol=1e-8)
    roll = where[legs.joints[:, 0]]  # which turns the axes of thigh and calf about x
    across = np.stack([np.zeros(4), np.cos(roll), np.sin(roll)], axis=-1)
    np.testing.assert_allclose(there.axes[..., 0], [[1.0, 0.0, 0.0]] * 4, atol=1e-12)
    np.testing.assert_allclose(there.axes[..., 1], across, atol=1e-12)
    np.testing.assert_allclose(there.axes[..., 2], across, atol=1e-12)


def changed(leg: str = "FR_toe", **changes: Any) -> dict[str, Any]:
    """The A1's file with one leg changed; a joint's entry of None takes it away."""
    content: dict[str, Any] = yaml.safe_load(share_path("config", "robots", "a1.yaml").read_text())
    joints = content["legs"][leg]["joints"] | changes.pop("joints", {})
    content["legs"][leg] |= changes | {"joints": {name: joint for name, joint in joints.items() if joint}}
    return content


def renamed() -> dict[str, Any]:
    content = changed()
    content["legs"]["trunk"] = content["legs"].pop("FR_toe")
    return content


JOINT = {"axis": [1, 0, 0], "offset": [0, 0, 0]}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (renamed(), "legs.trunk is none of contact_links: FR_toe, FL_toe"),
        (changed(joints={"FR_hip_joint": None}), "legs.FL_toe.joints has 3, expected 2, as all legs"),
        (changed(joints={"knee": JOINT}), "legs.FR_toe.joints.knee: the robot has no such joint; it has FR_hip"),
        (changed("FL_toe", joints={"FL_hip_joint": None, "FR_hip_joint": JOINT}), "FR_hip_joint is a joint of FR_toe"),
        (changed(joints={"FR_hip_joint": JOINT | {"axis": [1, 1, 0]}}), "FR_hip_joint.axis .* has length 1.41421"),
        (changed(joints={"FR_hip_joint": {"axis": [1, 0, 0]}}), "missing key 'legs.FR_toe.joints.FR_hip_joint.offset'"),
        (changed(radius=-0.1), "legs.FR_toe.radius"),
        (changed(foot=[0.0, 0.0, float("nan")]), "legs.FR_toe.foot"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, content: dict[str, Any], complaint: str) -> None:
    (tmp_path / "robot.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(ConfigError, match=complaint):
        load_robot(str(tmp_path / "robot.yaml"))
