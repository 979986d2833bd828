# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures in standard messages: on topics of their own, in the ticks of those who want them, and once in logs."""

import time
from array import array
from collections import Counter
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

pytest.importorskip("rclpy")

import rclpy
from graphs import constant_bytes
from mcap.reader import make_reader
from measurements import at_rest
from rclpy.serialization import deserialize_message
from ros_graph import activate, graph, wait_for
from sensor_msgs.msg import CameraInfo, Image

from ros_rl.errors import ContractError
from ros_rl.nodes.camera_info import camera_info
from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.driver import DriverNode
from ros_rl.nodes.guard import GuardNode
from ros_rl.nodes.log_reader import read_ticks
from ros_rl.nodes.qos import STATE
from ros_rl.nodes.sensor_messages import camera_topics, sensor_topics
from ros_rl.nodes.tick_assembler import TickAssembler
from ros_rl.nodes.tick_messages import to_tick
from ros_rl.nodes.tick_publisher import TickPublisher
from ros_rl.robot import Camera, load_robot
from ros_rl.sensors.cameras import camera_sensors
from ros_rl.sensors.table import check_measurement
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import ALL_TASKS
from ros_rl.tasks.arm.pick_place import XarmPickPlace
from ros_rl.types import Measurement, SafetyState, Tick

pytestmark = pytest.mark.ros
CAMERA = Camera(position=(0, 0, 0), target=(1, 0, 0), field_of_view=2 * np.arctan(0.5), width=48, height=32, depth=True)
ROBOT = replace(load_robot("mock"), cameras={"left": CAMERA, "right": CAMERA})
RNG = np.random.default_rng(0)
COLOUR = RNG.integers(256, size=(32, 48, 3), dtype=np.uint8)
DEPTH = RNG.integers(65536, size=(32, 48), dtype=np.uint16)
SEEN = Measurement({"image_left": COLOUR, "depth_left": DEPTH, "image_right": 255 - COLOUR, "depth_right": DEPTH // 2})


class TestMessages:
    def test_colour(self):
        message = camera_topics(ROBOT)["image_left"].to_message(1_500_000_000, SEEN)
        assert isinstance(message, Image)
        assert (message.header.stamp.sec, message.header.stamp.nanosec) == (1, 500_000_000)
        assert message.header.frame_id == "left_optical_frame"
        assert (message.height, message.width, message.encoding, message.step) == (32, 48, "rgb8", 144)
        assert bytes(message.data) == COLOUR.tobytes()  # rows from the top, red first

    def test_depth(self):
        message = camera_topics(ROBOT)["depth_left"].to_message(0, SEEN)
        assert (message.encoding, message.step, message.is_bigendian) == ("16UC1", 96, 0)
        assert message.data[:2].tolist() == [int(DEPTH[0, 0]) % 256, int(DEPTH[0, 0]) // 256]

    def test_there_and_back(self):
        for name, topic in camera_topics(ROBOT).items():
            stamp, content = topic.unpack(topic.to_message(7, SEEN))
            (value,) = topic.values(content).values()
            assert stamp == 7 and value.dtype == SEEN[name].dtype and np.array_equal(value, SEEN[name])

    def test_rows_with_room_behind_them_and_the_other_byte_order(self):
        """As other drivers send them."""
        topic = camera_topics(ROBOT)["depth_left"]
        message = topic.to_message(0, SEEN)
        padded = np.zeros((32, 50), ">u2")
        padded[:, :48] = DEPTH
        message.step, message.is_bigendian, message.data = 100, 1, array("B", padded.tobytes())
        assert np.array_equal(topic.values(message)["depth_left"], DEPTH)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"encoding": "mono8"}, "of camera 'left' is 48x32 mono8, expected 48x32 rgb8"),
            ({"encoding": "bgr8"}, "is 48x32 bgr8, expected 48x32 rgb8"),
            ({"width": 64}, "is 64x32 rgb8, expected 48x32 rgb8"),
            ({"data": array("B", bytes(100))}, "has 100 bytes in rows of 144, expected 32 rows of 144"),
            ({"step": 10}, "has 4608 bytes in rows of 10, expected 32 rows of 144"),
            ({"step": 2**31}, "in rows of 2147483648, expected"),
        ],
    )
    def test_another_picture_is_refused(self, changes, reason):
        topic = camera_topics(ROBOT)["image_left"]
        message = topic.to_message(0, SEEN)
        for name, value in changes.items():
            setattr(message, name, value)
        with pytest.raises(ContractError, match=reason):
            topic.values(message)

    def test_what_the_camera_is(self):
        """f = 16 / 0.5; the middle of 48 pixels from 0 to 47 is 23.5."""
        message = camera_info("left", CAMERA)
        assert isinstance(message, CameraInfo)
        assert (message.width, message.height, message.distortion_model) == (48, 32, "plumb_bob")
        assert message.k.tolist() == pytest.approx([32, 0, 23.5, 0, 32, 15.5, 0, 0, 1])
        assert message.p.tolist() == pytest.approx([32, 0, 23.5, 0, 0, 32, 15.5, 0, 0, 0, 1, 0])
        assert message.header.frame_id == "left_optical_frame" and list(message.d) == [0.0] * 5

    def test_a_misshapen_measurement_is_told(self):
        rest = {name: np.zeros(ROBOT.size) for name in ROBOT.sensors}
        assert check_measurement(ROBOT, Measurement(rest | SEEN)) is None
        assert check_measurement(ROBOT, Measurement(rest)) is None  # no picture yet
        wrong = check_measurement(ROBOT, Measurement(rest | {"image_left": COLOUR[:16]}))
        assert wrong == "image_left is uint8 (16, 48, 3), expected uint8 (32, 48, 3)"
        assert "float64" in (check_measurement(ROBOT, Measurement(rest | {"depth_left": DEPTH / 1e3})) or "")


class TestJoining:
    def parts(self, pictures: list[str]) -> dict:
        rest = Measurement({name: np.zeros(ROBOT.size) for name in ROBOT.sensors} | SEEN)
        made = {topic.name: topic.to_message(5, rest) for topic in sensor_topics(ROBOT)}
        flags = [message is not None for message in made.values()]
        zero, pending = np.zeros(ROBOT.size), np.zeros((1, ROBOT.size))
        tick = Tick(5, 0, 0, 0, SafetyState.RUNNING, True, np.zeros(3), zero, pending, rest)
        topics = {camera_topics(ROBOT)[name].name: camera_topics(ROBOT)[name].to_message(5, rest) for name in pictures}
        return made | topics | {"tick": to_tick(tick, flags, pictures=pictures)}

    def joined(self, cameras, pictures: list[str]) -> list[Tick]:
        assembler = TickAssembler(ROBOT, cameras)
        found = [
            assembler.add(name, *assembler.unpack(name, message))
            for name, message in self.parts(pictures).items()
            if name in assembler.kinds
        ]
        return [tick for tick in found if tick is not None]

    def test_all_of_them_or_those_that_are_wanted(self):
        (every,) = self.joined(None, [*SEEN])
        assert {name for name in every.measurement if name in SEEN} == set(SEEN)
        (one,) = self.joined(("right",), [*SEEN])
        assert {name for name in one.measurement if name in SEEN} == {"image_right", "depth_right"}
        assert np.array_equal(one.measurement["image_right"], SEEN["image_right"])
        (none,) = self.joined((), [*SEEN])
        assert not {*none.measurement} & {*SEEN}

    def test_a_tick_waits_for_the_pictures_that_it_names_and_for_no_others(self):
        assert len(self.joined(None, ["image_left"])) == 1
        assembler, parts = TickAssembler(ROBOT), self.parts([*SEEN])
        late = parts.pop("camera/right/image_raw")
        assert not any(assembler.add(name, *assembler.unpack(name, item)) for name, item in parts.items())
        tick = assembler.add("camera/right/image_raw", *assembler.unpack("camera/right/image_raw", late))
        assert tick is not None and "image_right" in tick.measurement

    def test_topics(self):
        kinds = TickAssembler(ROBOT, ("left",)).kinds
        assert kinds["camera/left/image_raw"] is Image and kinds["camera/left/depth/image_raw"] is Image
        assert not any("right" in topic for topic in kinds)


class Seeing(XarmPickPlace):
    """A task that looks through the camera at the wrist."""

    name: ClassVar[str] = "xarm_seeing"
    cameras: ClassVar[tuple[str, ...]] = ("wrist",)


REAL_TIME = {
    "driver": {"mode": "real_time", "miss_limit": 50, "miss_share": 1.0, "lost_time_limit": 10.0},
    "agent": {"name": "random"},
}


def test_the_whole_graph(tmp_path, monkeypatch):
    pytest.importorskip("pybullet")
    monkeypatch.setitem(ALL_TASKS, Seeing.name, Seeing)
    settings = load_settings(Seeing.name, overrides=[REAL_TIME, {"cameras": {"names": ["front"], "depth": True}}])
    heard: list[tuple[str, int]] = []
    with graph(settings, tmp_path, DriverNode, ControllerNode, CollectorNode) as (peer, driver, controller, collector):
        for topic in ("camera/wrist/image_raw", "camera/front/depth/image_raw", "camera/wrist/camera_info"):
            kind = CameraInfo if topic.endswith("info") else Image
            peer.node.create_subscription(kind, topic, lambda m, topic=topic: heard.append((topic, m.header)), STATE)
        peer.give_graph(constant_bytes(settings, [0.1] * settings.load_robot().action_size))
        activate(controller)
        activate(driver)
        wait_for(lambda: len(peer.ticks) > 30 and len(heard) > 60 and peer.applied, "ticks with pictures")
        listeners = {
            topic: {item.node_name for item in peer.node.get_subscriptions_info_by_topic(f"/t/{topic}")}
            for topic in ("camera/wrist/image_raw", "camera/front/image_raw", "camera/front/camera_info")
        }
        ticks = list(peer.ticks)
    wanted = set(camera_sensors(settings.load_robot()))
    assert wanted == {"image_wrist", "depth_wrist", "image_front", "depth_front"}
    for tick in ticks:
        assert wanted <= set(tick.measurement)
        assert tick.measurement["image_wrist"].shape == (64, 64, 3) and tick.measurement["image_wrist"].std() > 10
    stamps = {tick.stamp for tick in ticks}
    assert {name for name, _ in heard} == {
        "camera/wrist/image_raw",
        "camera/front/depth/image_raw",
        "camera/wrist/camera_info",
    }
    of_ticks = [header.stamp.sec * 10**9 + header.stamp.nanosec in stamps for _, header in heard]
    assert sum(of_ticks) > 50  # those that came before the peer's join are of no tick here
    assert {header.frame_id for name, header in heard if "front" in name} == {"front_optical_frame"}
    assert "controller" in listeners["camera/wrist/image_raw"]  # the task observes it
    assert listeners["camera/front/image_raw"] == {"collector", "peer"}  # for the log
    assert "collector" in listeners["camera/front/camera_info"]
    check_log(tmp_path, settings.load_robot())
    check_read_back(tmp_path / "log", settings.load_robot(), ticks)


def check_log(folder, robot):
    """Each picture is there once, with the stamp of its tick, and looks as it did."""
    found: dict[str, list] = {}
    with next((folder / "log").glob("*.mcap")).open("rb") as file:
        for schema, channel, message in make_reader(file).iter_messages():
            if schema.name == "sensor_msgs/msg/Image":
                assert schema.data.startswith(b"#") and b"uint8[] data" in schema.data
            found.setdefault(channel.topic, []).append(message)
    ticks = {message.log_time for message in found["/t/tick"]}
    for name in robot.cameras:
        for topic in ("image_raw", "camera_info", "depth/image_raw", "depth/camera_info"):
            stamps = Counter(message.log_time for message in found[f"/t/camera/{name}/{topic}"])
            assert max(stamps.values()) == 1 and len(stamps & Counter(ticks)) > 20, (name, topic)
        image = deserialize_message(found[f"/t/camera/{name}/image_raw"][-1].data, Image)
        assert np.frombuffer(image.data, np.uint8).reshape(64, 64, 3).std() > 10


def check_read_back(log, robot, heard):
    """Ticks of a log have the pictures of those that were heard; who does not ask, or has no cameras, gets none."""
    logged = {tick.stamp: tick.measurement for tick in read_ticks(log, robot, ("wrist",))}
    both = [tick for tick in heard if tick.stamp in logged]
    assert len(both) > 20
    for tick in both:
        for name in ("image_wrist", "depth_wrist"):
            assert np.array_equal(logged[tick.stamp][name], tick.measurement[name])
    assert "image_front" not in logged[both[0].stamp]
    for reader in (robot, replace(robot, cameras={})):
        assert not any("wrist" in name for name in next(read_ticks(log, reader)).measurement)


def test_a_guard_hands_pictures_on(tmp_path):
    """Of a driver of somebody else's, whose ticks name them."""
    over = {"driver": {"backend": {"name": "external"}, "mode": "real_time"}, "cameras": {"names": ["front"]}}
    settings = load_settings("xarm_reach", overrides=[over, {"robot": "xarm6_gripper"}])
    robot = settings.load_robot()
    picture = RNG.integers(256, size=(64, 64, 3), dtype=np.uint8)
    with graph(settings, tmp_path, GuardNode) as (peer, guard):
        activate(guard)
        bridge = rclpy.create_node("bridge", namespace="t/external", use_global_arguments=False)
        publisher = TickPublisher(bridge, robot, (), simulated_time=False)
        rest, index = at_rest(robot, image_front=picture), 0
        zero = np.zeros(robot.size)

        def seen() -> bool:
            nonlocal index
            index += 1
            stamp = peer.node.get_clock().now().nanoseconds
            tick = Tick(stamp, index, -1, 0, SafetyState.DISARMED, False, np.zeros(3), zero, np.zeros((1, 7)), rest)
            publisher.publish(tick)
            time.sleep(0.05)
            return len(peer.ticks) > 3

        wait_for(seen, "ticks behind the guard")
        bridge.destroy_node()
    assert all(np.array_equal(tick.measurement["image_front"], picture) for tick in peer.ticks)


def test_nobody_without_cameras_listens(tmp_path):
    pytest.importorskip("pybullet")
    settings = load_settings("xarm_pick_place", overrides=[REAL_TIME])
    with graph(settings, tmp_path, DriverNode, ControllerNode, CollectorNode) as (peer, *nodes):
        wait_for(lambda: "collector" in peer.diagnostics, "nodes that are there")
        topics = {name for node in nodes for name, _ in node.get_topic_names_and_types()}
    assert not any("camera" in name for name in topics)
