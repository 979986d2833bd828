# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Task inputs between nodes: what is asked for is taken or refused, and shown to displays."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import Point, Pose, PoseStamped, TwistStamped
from recording_node import Node
from std_msgs.msg import Header

from ros_rl.nodes.gate import Gate
from ros_rl.nodes.task_inputs import InputDisplay, InputReader
from ros_rl.robot import load_robot

pytestmark = pytest.mark.ros
ARM = load_robot("xarm6")
BOTH = ("goal_position", "velocity_command")


def goal(frame: str) -> PoseStamped:
    return PoseStamped(header=Header(frame_id=frame), pose=Pose(position=Point(x=0.3, y=0.1, z=0.2)))


def test_goals_are_taken_in_the_base_frame_only() -> None:
    node, given, refusals = Node(), {}, []
    reader = InputReader(Gate(node, None, refusals.append), ARM, ("goal_position",), given.__setitem__)
    assert node.kinds == {"goal": PoseStamped}
    node.callbacks["goal"](goal("map"))
    assert not given and reader.refused == 1
    assert refusals == ["goal refused: it is in frame 'map', allowed: 'link_base', the base of xarm6"]
    node.callbacks["goal"](goal("link_base"))
    np.testing.assert_array_equal(given["goal_position"], [0.3, 0.1, 0.2])
    assert reader.describe()["inputs refused"] == 1


def test_what_acts_is_shown_under_names_of_its_own() -> None:
    node = Node()
    display = InputDisplay(node, BOTH, ARM)
    assert node.kinds == {"task/goal_position": PoseStamped, "task/velocity_command": TwistStamped}
    display.publish(5_000_000_001, {"velocity_command": np.array([0.1, 0.2, 0.3])})
    (shown,) = node.published.values()
    assert (shown.header.frame_id, shown.header.stamp.sec, shown.header.stamp.nanosec) == ("link_base", 5, 1)
    assert (shown.twist.linear.x, shown.twist.linear.y, shown.twist.angular.z) == (0.1, 0.2, 0.3)


def test_a_robot_that_is_asked_for_nothing_listens_to_nobody() -> None:
    node = Node()
    reader = InputReader(Gate(node, None, lambda _: None), ARM, (), lambda *_: None)
    assert not node.kinds and reader.describe() == {}
