# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Camera nodes of somebody's: what of their pictures a driver takes, and what their end does."""

import threading
from array import array
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.clock import Clock
from rclpy.qos import QoSProfile, ReliabilityPolicy
from recording_node import Node
from ros_graph import activate, graph, wait_for
from sensor_msgs.msg import Image

from ros_rl.backends.backend import Reading
from ros_rl.errors import ConfigError
from ros_rl.nodes.driver import DriverNode
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.listener import complete
from ros_rl.nodes.picture_reader import listen_to_cameras
from ros_rl.nodes.speakers import speakers_on
from ros_rl.nodes.tick_join import TickJoin
from ros_rl.robot import load_robot
from ros_rl.settings.loading import load_settings
from ros_rl.types import Measurement, SafetyState

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]
ARM = load_robot("xarm6_gripper")
WRIST = replace(ARM.optional_cameras["wrist"], width=32, height=32, depth=True)
ROBOT = replace(ARM, cameras={"wrist": WRIST})
COLOUR, DISTANCE = "watched/wrist/image_raw", "watched/wrist/depth/image_raw"


def picture(encoding: str = "rgb8", value: int = 0, size: tuple[int, int] = (64, 48)) -> Image:
    """Of one value throughout."""
    kind, channels = {"rgb8": (np.uint8, 3), "bgr8": (np.uint8, 3), "mono8": (np.uint8, 1), "16UC1": ("<u2", 1)}[
        encoding
    ]
    data = np.full((size[1], size[0] * channels), value, kind)
    message = Image(width=size[0], height=size[1], encoding=encoding, step=data.strides[0])
    message.data, message.header.stamp = array("B", data.tobytes()), Clock().now().to_msg()
    return message


def listened(given: tuple[str, ...] = ()):
    node, refusals = Node(), []
    node.get_clock, node.resolve_topic_name = Clock, lambda topic: topic if topic.startswith("/") else f"/arm/{topic}"
    node.create_timer = lambda *_, **__: None
    found = listen_to_cameras(node, Gate(node, None, refusals.append), ROBOT, given, 0.5)
    robot = complete(SimpleNamespace(read=lambda: Reading(Measurement())), found)
    return node, robot, refusals, found


def test_pictures_and_depth_are_measured_as_the_robots_camera_has_them() -> None:
    node, robot, refusals, (colour, depth) = listened()
    assert node.kinds == {COLOUR: Image, DISTANCE: Image}
    assert colour.problem == "nothing has come on /arm/watched/wrist/image_raw (sensor_msgs/Image) of camera 'wrist'"
    node.callbacks[COLOUR](picture("bgr8", 7))
    assert colour.problem == "" and depth.problem.startswith("nothing has come on /arm/watched/wrist/depth/image_raw")
    node.callbacks[DISTANCE](picture("16UC1", 600))
    measured = robot.read().measurement
    assert refusals == [] and set(measured) == {"image_wrist", "depth_wrist"}
    assert measured["image_wrist"].shape == (32, 32, 3) and (measured["image_wrist"] == 7).all()
    assert measured["depth_wrist"].shape == (32, 32) and (measured["depth_wrist"] == 600).all()


@pytest.mark.parametrize(
    ("topic", "message", "complaint"),
    [
        (COLOUR, picture("mono8"), "its encoding is mono8, grey instead of colour; expected rgb8, bgr8, rgba8, bgra8"),
        (COLOUR, picture(size=(31, 48)), "it is 31x48, expected at least 32x32"),
        (DISTANCE, picture("rgb8"), "its encoding is rgb8, no distances that are known here; expected 16UC1, 32FC1"),
    ],
)
def test_what_is_no_picture_of_the_camera_is_refused_in_one_line(topic: str, message: Image, complaint: str) -> None:
    node, _, refusals, found = listened()
    node.callbacks[topic](message)
    assert len(refusals) == 1 and refusals[0].startswith(f"{topic} refused: {complaint}") and "\n" not in refusals[0]
    assert complaint in found[topic == DISTANCE].problem, "who waits for it is told why nothing counts"


def test_topics_may_be_named_but_are_not_the_drivers_own() -> None:
    node, robot, _, _ = listened(("image_wrist=/camera/color/image_raw",))
    assert set(node.kinds) == {"/camera/color/image_raw", DISTANCE}
    with pytest.raises(ConfigError, match="the driver itself publishes on camera/wrist/image_raw"):
        listened(("image_wrist=camera/wrist/image_raw",))
    with pytest.raises(ConfigError, match="the driver itself publishes on /arm/camera/wrist/depth/image_raw"):
        listened(("depth_wrist=/arm/camera/wrist/depth/image_raw",))


def test_one_camera_node_at_a_time_whoever_it_is() -> None:
    named = ["driver.camera_topics=[image_wrist=/camera/color/image_raw]", "cameras.names=[wrist]"]
    settings = load_settings("xarm_pick_place", overrides=["driver.backend.name=xarm", "driver.mode=real_time", *named])
    for topic in (DISTANCE, "/camera/color/image_raw"):
        speakers = speakers_on(topic, settings)
        assert speakers.names is None and speakers.silence < 10.0
    assert speakers_on("camera/wrist/image_raw", settings).names == ("driver",)


class Camera:
    """Publishes from a node, 30 times a second, what it is told to."""

    def __init__(self, node, reliability: ReliabilityPolicy) -> None:
        profile = QoSProfile(depth=1, reliability=reliability)
        self._publisher = node.create_publisher(Image, COLOUR, profile)
        self.encoding, self.plays, self.frozen = "rgb8", True, False
        self._ended, self._stamp = threading.Event(), None
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def _live(self) -> None:
        while not self._ended.wait(1.0 / 30.0):
            message = picture(self.encoding, 200)
            if self.frozen:
                message.header.stamp = self._stamp
            self._stamp = message.header.stamp
            if self.plays:
                self._publisher.publish(message)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.mark.parametrize("reliability", [ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT])
def test_an_arm_begins_when_its_camera_sees_and_stops_when_it_does_not(tmp_path, reliability) -> None:
    """The xArm's driver at its stand-in; three ways in which a camera fails, after each of which a person clears."""
    pytest.importorskip("xarm")
    pytest.importorskip("pybullet")
    from xarm_stand_ins import served

    from ros_rl.stand_ins.surroundings import Surroundings

    with served(around=Surroundings(ARM.name, "table")) as stand_in:
        where = {"address": stand_in.host, "control_port": stand_in.control_port, "report_port": stand_in.report_port}
        chosen = ["driver.backend.name=xarm", "driver.mode=real_time", f"robot={ARM.name}", "cameras.names=[wrist]"]
        chosen += ["cameras.width=32", "cameras.height=32"]
        chosen += [f"driver.backend.{key}={value}" for key, value in where.items()]
        with graph(load_settings("xarm_reach", overrides=chosen), tmp_path, DriverNode) as (peer, driver):
            assert not str(driver.trigger_activate()).endswith("SUCCESS")
            peer.complaint("driver", f"nothing has come on /t/{COLOUR} (sensor_msgs/Image) of camera 'wrist'")
            seeing: list = []
            TickJoin(peer.gate, driver._robot, seeing.append, cameras=("wrist",))
            camera = Camera(peer.play("webcam"), reliability)
            try:
                camera.encoding = "mono8"
                peer.refusal("driver", COLOUR, "its encoding is mono8, grey instead of colour")
                assert not str(driver.trigger_activate()).endswith("SUCCESS")
                camera.encoding = "rgb8"
                activate(driver)
                wait_for(lambda: len(seeing) > 5, "some ticks with pictures")
                assert seeing[-1].measurement["image_wrist"].shape == (32, 32, 3)
                assert (seeing[-1].measurement["image_wrist"] == 200).all()
                for fail, mend in (
                    ({"plays": False}, {"plays": True}),
                    ({"frozen": True}, {"frozen": False}),
                    ({"encoding": "mono8"}, {"encoding": "rgb8"}),
                ):
                    assert peer.call("arm").success
                    wait_for(lambda: peer.ticks[-1].safety is SafetyState.READY, "the arm at home")
                    vars(camera).update(fail)
                    wait_for(lambda: peer.ticks[-1].safety is SafetyState.FAULT, "the arm to miss the camera")
                    assert f"/t/{COLOUR} is 0.5" in peer.complaint("driver", f"{COLOUR} is")
                    vars(camera).update(mend)
                    seeing.clear()
                    wait_for(lambda: len(seeing) > 20, "the camera back")
                    assert peer.ticks[-1].safety is SafetyState.FAULT, "nothing goes on by itself"
                    moved = list(stand_in.moved)[-50:]
                    assert all((np.abs(speed) < 1e-6).all() for _, speed in moved)
                    assert peer.call("clear_fault").success
                    wait_for(lambda: peer.ticks[-1].safety is SafetyState.DISARMED, "the fault cleared")
            finally:
                camera.close()
