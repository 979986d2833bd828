# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A run's log has what a replay needs: who said what, how the nodes were, and what the robot looks like."""

import json

import pytest

pytest.importorskip("rclpy")

import yaml
from graphs import constant_bytes
from mcap.reader import make_reader
from rclpy.serialization import deserialize_message
from ros_graph import activate, graph, wait_for
from std_msgs.msg import String

from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.driver import DriverNode
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros


def test_a_log_has_what_a_replay_needs(tmp_path) -> None:
    pytest.importorskip("pybullet")
    overrides = [{"driver": {"mode": "real_time", "miss_limit": 50, "miss_share": 1.0}}]
    settings = load_settings("cartpole_swingup", overrides=overrides)
    with graph(settings, tmp_path, DriverNode, ControllerNode, CollectorNode) as (peer, driver, controller, collector):
        peer.give_graph(constant_bytes(settings, [0.1]))
        activate(controller)
        activate(driver)
        wait_for(lambda: "collector" in peer.diagnostics and len(peer.ticks) > 40, "a second of ticks")
    found: dict[str, list] = {}
    with next((tmp_path / "log").glob("*.mcap")).open("rb") as file:
        for schema, channel, message in make_reader(file).iter_messages():
            found.setdefault(channel.topic, []).append((schema.name, message))
    ticks = [message.log_time for _, message in found["/t/tick"]]
    for topic in ("/t/joint_command", "/t/applied_command", "/t/verdict", "/t/joint_states"):
        assert len(found[topic]) > 10, topic
    for topic, messages in found.items():  # one time line, which players need
        assert ticks[0] <= messages[0][1].log_time and messages[-1][1].log_time <= ticks[-1], topic
    assert {"diagnostic_msgs/msg/DiagnosticArray"} == {kind for kind, _ in found["/diagnostics"]}
    ((_, description),) = found["/t/robot_description"]
    assert "<robot" in deserialize_message(description.data, String).data
    metadata = yaml.safe_load((tmp_path / "log" / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    offered = {
        item["topic_metadata"]["name"]: item["topic_metadata"]["offered_qos_profiles"]
        for item in metadata["topics_with_message_count"]
    }
    assert yaml.safe_load(offered["/t/robot_description"])[0]["durability"] == 1  # transient local, as RViz asks for
    assert offered["/t/tick"] == "" and json.dumps(offered)
