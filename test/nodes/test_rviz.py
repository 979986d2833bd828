# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Each robot's RViz configuration shows topics that nodes publish, of their types, in frames that there are."""

import xml.etree.ElementTree as ET

import pytest
import yaml

pytest.importorskip("rclpy")

from ros_rl.backends.robot_description import known_description
from ros_rl.nodes.rviz_files import configuration, fixed_frame
from ros_rl.nodes.sensor_messages import sensor_topics
from ros_rl.resources import share_path
from ros_rl.robot import load_robot, robot_names
from ros_rl.sensors.inputs import INPUTS
from ros_rl.sensors.table import ODOM_FRAME

ROBOTS = [name for name in robot_names() if name != "mock"]
KINDS = {"Odometry": "Odometry", "Pose": "PoseStamped", "MarkerArray": "MarkerArray", "RobotModel": "String"}
"""Types of the messages that displays show."""


@pytest.mark.parametrize("name", ROBOTS)
def test_a_robot_s_displays_show_what_is_published(name) -> None:
    robot = load_robot(name)
    shown = yaml.safe_load(configuration(robot).read_text())["Visualization Manager"]
    published = {topic.name: topic.kind.__name__ for topic in sensor_topics(robot)}
    published |= {f"task/{name}": item.shown_as.rpartition("/")[2] for name, item in INPUTS.items()}
    published |= {"plan_markers": "MarkerArray", "robot_description": "String"}
    for display in shown["Displays"]:
        topic = display.get("Topic") or display.get("Description Topic")
        if topic is not None:
            kind = KINDS[display["Class"].rpartition("/")[2]]
            assert published.get(topic["Value"]) == kind, f"{display['Name']} shows {topic['Value']} as {kind}"


@pytest.mark.parametrize("name", ROBOTS)
def test_frames_are_those_of_the_robot(name) -> None:
    robot = load_robot(name)
    shown = yaml.safe_load(configuration(robot).read_text())["Visualization Manager"]
    description = known_description(robot)
    links = {link.get("name") for link in ET.fromstring(description).findall("link")} if description else set()
    classes = {display["Class"].rpartition("/")[2] for display in shown["Displays"]}
    assert ("RobotModel" in classes) == (robot.simulation is not None), "a model is shown where there is one"
    if robot.simulation is not None and not description:
        pytest.skip("its model comes with PyBullet")
    fixed, followed = fixed_frame(robot), shown["Views"]["Current"]["Target Frame"]
    assert fixed == (ODOM_FRAME if robot.floating_base else robot.base_frame)
    known = links or {robot.base_frame}  # of a robot without a URDF no more is known
    known |= {ODOM_FRAME} if robot.floating_base else set()
    assert fixed in known and followed in known | {"<Fixed Frame>"}
    if configuration(robot).stem == name:
        assert shown["Global Options"]["Fixed Frame"] == fixed


def test_no_file_is_another_s_copy() -> None:
    texts = [path.read_text().partition("\n")[2] for path in share_path("config", "rviz").glob("*.rviz")]
    assert len(texts) == len(set(texts)) >= 5
