# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The log is MCAP as rosbag2 writes it."""

import pytest
import yaml
from mcap.reader import make_reader

from ros_rl.runs import message_definitions
from ros_rl.runs.mcap_log import McapLog
from ros_rl.runs.message_definitions import full_definition

DEFINITIONS = {
    "a_msgs/Top": "# a comment with b_msgs/Nothing inside\nb_msgs/Middle[] many\nLeaf one\nfloat64[3] x\nstring<=9 s\n",
    "b_msgs/Middle": "uint8 KIND=1\na_msgs/Leaf leaf\n",
    "a_msgs/Leaf": "bool yes\n",
}


@pytest.fixture
def definitions(monkeypatch):
    monkeypatch.setattr(message_definitions, "find_definition", DEFINITIONS.get)


def test_definition_holds_all_message_types_once(definitions) -> None:
    text = full_definition("a_msgs/msg/Top")
    bar = "=" * 80
    parts = text.split(f"{bar}\n")
    assert parts[0].startswith("# a comment")
    assert [part.splitlines()[0] for part in parts[1:]] == ["MSG: b_msgs/Middle", "MSG: a_msgs/Leaf"]


def test_definition_with_a_hole_is_none(definitions) -> None:
    assert full_definition("c_msgs/msg/Unknown") == ""


def test_log_and_its_metadata(tmp_path, definitions) -> None:
    for run in range(2):  # a collector that was restarted writes a second file
        log = McapLog(tmp_path)
        for stamp in (5, 7, 9):
            log.write("/t/top", "a_msgs/msg/Top", bytes([stamp]), stamp + 100 * run)
        log.write("/t/what", "c_msgs/msg/Unknown", b"?", 6 + 100 * run)
        log.close()
        assert log.without_schema == {"c_msgs/msg/Unknown"}
    with (tmp_path / "log_0.mcap").open("rb") as stream:
        reader = make_reader(stream)
        assert reader.get_header().profile == "ros2"
        found = [
            (s.name, s.encoding, c.topic, c.message_encoding, m.data, m.log_time) for s, c, m in reader.iter_messages()
        ]
    assert found[0] == ("a_msgs/msg/Top", "ros2msg", "/t/top", "cdr", b"\x05", 5)
    assert len(found) == 4
    information = yaml.safe_load((tmp_path / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    assert information["storage_identifier"] == "mcap"
    assert information["relative_file_paths"] == ["log_0.mcap", "log_1.mcap"]
    assert information["message_count"] == 8
    assert information["starting_time"] == {"nanoseconds_since_epoch": 5}
    assert information["duration"] == {"nanoseconds": 104}
    counts = {i["topic_metadata"]["name"]: i["message_count"] for i in information["topics_with_message_count"]}
    assert counts == {"/t/top": 6, "/t/what": 2}


@pytest.mark.ros
@pytest.mark.parametrize(
    "name", ["sensor_msgs/msg/JointState", "nav_msgs/msg/Odometry", "std_msgs/msg/Float64MultiArray"]
)
def test_installed_messages_have_definitions(name) -> None:
    pytest.importorskip("sensor_msgs")
    assert "MSG: std_msgs/" in full_definition(name)
