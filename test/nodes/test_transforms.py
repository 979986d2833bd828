# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is told on ``tf``, with a stand-in for the class of its messages, which the wheels of ROS do not bring."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from recording_node import Node

from ros_rl.nodes import transforms
from ros_rl.robot import Camera, load_robot
from ros_rl.rotations import from_rotation_vector, quaternion_to_matrix
from ros_rl.types import Measurement

GO2 = load_robot("go2")
ROOM = Camera(position=(1.0, 2.0, 3.0), target=(1.0, 2.0, 0.0), up=(1.0, 0.0, 0.0), field_of_view=1.0)


def told(monkeypatch: pytest.MonkeyPatch, robot, **measured: np.ndarray) -> dict:
    """Transforms by their children, of a tick of that measurement."""
    monkeypatch.setattr(transforms, "transform_message", lambda: SimpleNamespace)
    node = Node()
    transforms.TransformPublisher(node, robot).publish(SimpleNamespace(stamp=5, measurement=Measurement(measured)))
    return {item.child_frame_id: item for item in node.published["tf"].transforms} if node.published else {}


def test_of_a_base_that_moves(monkeypatch):
    turned = from_rotation_vector(np.array([0.0, 0.0, 0.4]))
    (found,) = told(monkeypatch, GO2, base_position=np.array([1.0, 2.0, 0.3]), base_orientation=turned).values()
    assert (found.header.frame_id, found.child_frame_id, found.header.stamp.nanosec) == ("odom", GO2.base_frame, 5)
    assert (found.transform.translation.x, found.transform.translation.z) == (1.0, 0.3)
    assert found.transform.rotation.z == pytest.approx(np.sin(0.2))


def test_of_cameras_that_stand_beside_it(monkeypatch):
    cameras = {"room": ROOM, "nose": replace(ROOM, link="base_link")}
    found = told(monkeypatch, replace(GO2, cameras=cameras))
    assert set(found) == {"room_optical_frame"}
    pose = found["room_optical_frame"].transform
    assert (pose.translation.x, pose.translation.y, pose.translation.z) == (1.0, 2.0, 3.0)
    matrix = quaternion_to_matrix(np.array([pose.rotation.x, pose.rotation.y, pose.rotation.z, pose.rotation.w]))
    # it looks down, with x up in the picture: y is to its left
    assert matrix == pytest.approx(np.array([[0, -1, 0], [-1, 0, 0], [0, 0, -1]]), abs=1e-6)


def test_nothing_of_a_robot_that_stands(monkeypatch):
    arm = load_robot("xarm6_gripper")
    assert told(monkeypatch, replace(arm, cameras=arm.optional_cameras)) == {}
