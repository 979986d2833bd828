# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every input and every sensor of the tables survives its way through messages."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.serialization import deserialize_message, serialize_message
from recording_node import Node

from ros_rl.errors import ContractError
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.messages import fill_lists, message_class
from ros_rl.nodes.sensor_messages import sensor_topics
from ros_rl.nodes.task_inputs import InputDisplay, InputReader
from ros_rl.robot import Robot, load_robot
from ros_rl.sensors.inputs import INPUTS, check_input
from ros_rl.sensors.table import SENSORS
from ros_rl.sensors.task_input import frame_id
from ros_rl.types import Measurement

pytestmark = pytest.mark.ros
A1, ARM = load_robot("a1"), load_robot("xarm6")
ALL = replace(
    load_robot("xarm6"),
    sensors=tuple(SENSORS),
    passive=("door", "drawer"),
    contact_links=("thumb", "palm"),
    objects=("cube", "ball", "cup"),
)
"""A robot that measures all there is."""
HALF = np.sqrt(0.5)


def wired(message: Any) -> Any:
    return deserialize_message(serialize_message(message), type(message))


def asked(name: str, value: np.ndarray, robot: Robot) -> Any:
    """A message that asks for a value, written as it is shown."""
    item = INPUTS[name]
    message = message_class(item.shown_as)()
    fill_lists(message, item.lists)
    item.prepare(message, robot)
    item.show(message, value)
    if hasattr(message, "header"):
        message.header.frame_id = frame_id(item.frame, robot)
    return wired(message)


def value_of(name: str, robot: Robot, rng: np.random.Generator) -> np.ndarray:
    value = rng.uniform(-1.0, 1.0, INPUTS[name].shape_of(robot))
    return value / np.linalg.norm(value) if name == "goal_orientation" else value


@pytest.mark.parametrize("robot", [A1, ARM], ids=lambda robot: robot.name)
@pytest.mark.parametrize("name", sorted(INPUTS))
def test_an_input_comes_back_from_the_message_that_shows_it(name: str, robot: Robot) -> None:
    value = value_of(name, robot, np.random.default_rng(0))
    message = asked(name, value, robot)
    if name == "velocity_command":  # asked for without a stamp
        message = message.twist
    assert type(message) is message_class(INPUTS[name].message)
    read = INPUTS[name].read(message, robot)
    check_input(name, read, (name,), robot)
    np.testing.assert_allclose(read, value, rtol=0.0, atol=1e-15)


def test_one_pose_asks_for_position_and_orientation_or_for_neither() -> None:
    node, given, refusals = Node(), {}, []
    names = ("goal_position", "goal_orientation")
    reader = InputReader(Gate(node, None, refusals.append), ARM, names, given.__setitem__)
    assert list(node.callbacks) == ["goal"]
    message = asked("goal_position", np.array([0.3, 0.1, 0.2]), ARM)
    message.pose.orientation.w = 0.0
    node.callbacks["goal"](message)
    assert not given and refusals == ["goal refused: its orientation has norm 0, allowed: 1 +- 0.1"]
    message.pose.orientation.z = message.pose.orientation.w = HALF + 0.01
    node.callbacks["goal"](message)
    np.testing.assert_array_equal(given["goal_position"], [0.3, 0.1, 0.2])
    np.testing.assert_allclose(given["goal_orientation"], [0.0, 0.0, HALF, HALF], atol=1e-12)  # of length 1
    assert reader.refused == 1


def test_a_goal_of_a_base_that_moves_stands_in_the_odometry_frame() -> None:
    node, given, refusals = Node(), {}, []
    InputReader(Gate(node, None, refusals.append), A1, ("goal_planar", "goal_heading"), given.__setitem__)
    message = asked("goal_planar", np.array([2.0, -1.0]), A1)
    message.pose.orientation.z, message.pose.orientation.w = np.sin(0.4), np.cos(0.4)
    message.header.frame_id = A1.base_frame
    node.callbacks["goal_pose"](message)
    assert refusals == ["goal_pose refused: it is in frame 'base_link', allowed: 'odom', the odometry of a1"]
    message.header.frame_id = "odom"
    node.callbacks["goal_pose"](message)
    np.testing.assert_allclose([*given["goal_planar"], *given["goal_heading"]], [2.0, -1.0, 0.8])


def test_what_is_shown_together_is_one_pose() -> None:
    node = Node()
    display = InputDisplay(node, ("goal_position", "goal_orientation", "goal_planar"), ARM)
    assert set(node.kinds) == {"task/goal_position", "task/goal_planar"}
    turned = np.array([0.0, 0.0, HALF, HALF])
    display.publish(
        5, {"goal_position": np.array([0.1, 0.2, 0.3]), "goal_orientation": turned, "goal_planar": np.ones(2)}
    )
    tool, base = node.published["task/goal_position"], node.published["task/goal_planar"]
    assert (tool.header.frame_id, base.header.frame_id) == ("link_base", "odom")
    assert (tool.pose.position.z, tool.pose.orientation.z, base.pose.position.y) == (0.3, HALF, 1.0)


def test_a_short_path_repeats_its_last_pose() -> None:
    message = asked("waypoints", np.arange(8.0), A1)
    node = Node()
    InputDisplay(node, ("waypoints",), A1).publish(5, {"waypoints": np.arange(8.0)})
    assert [item.header.frame_id for item in node.published["task/waypoints"].poses] == ["odom"] * 4
    message.poses = message.poses[:2]
    read = INPUTS["waypoints"].read(message, A1)
    assert read.tolist() == [0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 2.0, 3.0]
    for count in (0, 5):
        message.poses = [
            message.poses[0] if message.poses else message_class("geometry_msgs/msg/PoseStamped")()
        ] * count
        with pytest.raises(Exception, match=f"it has {count} poses, allowed: 1 to 4"):
            INPUTS["waypoints"].read(message, A1)


def measured(rng: np.random.Generator) -> Measurement:
    return Measurement({name: rng.normal(size=sensor.shape(ALL)) for name, sensor in SENSORS.items()})


def test_every_sensor_survives_bit_for_bit() -> None:
    sent, got = measured(np.random.default_rng(0)), {}
    for topic in sensor_topics(ALL):
        message = topic.to_message(7, sent)
        stamp, content = topic.unpack(wired(message))
        got |= topic.values(content)
        assert stamp == 7
    assert set(got) == set(SENSORS)
    for name, value in sent.items():
        assert got[name].shape == value.shape and got[name].tobytes() == value.tobytes(), name


def objects(sent: Measurement) -> tuple[Any, Any]:
    (topic,) = [topic for topic in sensor_topics(ALL) if topic.name == "objects"]
    return topic, topic.to_message(7, sent)


def test_objects_are_names() -> None:
    sent = measured(np.random.default_rng(1))
    topic, message = objects(sent)
    assert message.joint_names == ["cube", "ball", "cup"] and message.header.frame_id == ALL.base_frame
    assert message.transforms[1].translation.y == sent["object_position"][4]
    order = [2, 0, 1]
    for field in ("joint_names", "transforms", "twist"):
        setattr(message, field, [getattr(message, field)[index] for index in order])
    found = topic.values(topic.unpack(wired(message))[1])
    np.testing.assert_array_equal(found["object_velocity"], sent["object_velocity"])


@pytest.mark.parametrize("names", [["cube", "ball", "mug"], ["cube", "cube", "cup"], ["cube", "ball"]])
def test_objects_that_are_not_the_tasks_are_refused(names: list[str]) -> None:
    topic, message = objects(measured(np.random.default_rng(2)))
    message.joint_names = names
    with pytest.raises(ContractError, match=f"^objects are {', '.join(names)} with "):
        topic.values(topic.unpack(wired(message))[1])
