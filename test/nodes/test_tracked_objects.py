# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Objects that a camera node of somebody's follows: what of its messages a driver takes, and what their end does."""

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import Quaternion, Transform, Twist, Vector3
from rclpy.clock import Clock
from recording_node import Node
from ros_graph import NAMESPACE, activate, graph, wait_for
from sensor_msgs.msg import MultiDOFJointState

from ros_rl.backends.backend import Reading
from ros_rl.nodes.driver import DriverNode
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.late_camera import LateCamera
from ros_rl.nodes.listener import complete
from ros_rl.nodes.object_reader import listen_to_tracker
from ros_rl.nodes.tracker import Tracker
from ros_rl.robot import load_robot
from ros_rl.settings.loading import load_settings
from ros_rl.types import Measurement, Pose, SafetyState

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]
ROBOT = load_settings("ur5_pick_place").load_robot()  # cube, brick, can


def seen(*names: str, x: float = 0.1, frame: str = "base_link", velocities: int = 0) -> MultiDOFJointState:
    message = MultiDOFJointState(joint_names=list(names))
    message.header.frame_id, message.header.stamp = frame, Clock().now().to_msg()
    places = [Vector3(x=x + index, y=0.2, z=0.3) for index in range(len(names))]
    message.transforms = [Transform(translation=place, rotation=Quaternion(w=1.0)) for place in places]
    message.twist = [Twist()] * velocities
    return message


def reader(robot=ROBOT):
    node, refusals = Node(), []
    node.get_clock, node.resolve_topic_name = Clock, lambda topic: f"/arm/{topic}"
    found = listen_to_tracker(node, Gate(node, None, refusals.append), robot, 0.5)
    assert node.kinds == {"tracked_objects": MultiDOFJointState}
    blind = SimpleNamespace(read=lambda: Reading(Measurement()))
    return node.callbacks["tracked_objects"], complete(blind, [found]), refusals, found


def test_objects_are_found_by_name_whatever_else_is_seen() -> None:
    give, robot, refusals, found = reader()
    assert (
        found.problem
        == "nothing has come on /arm/tracked_objects (sensor_msgs/MultiDOFJointState) about cube, brick, can"
    )
    give(seen("can", "a hand", "cube", "brick"))
    assert refusals == [] and found.problem == ""
    np.testing.assert_allclose(
        robot.read().measurement["object_position"], [2.1, 0.2, 0.3, 3.1, 0.2, 0.3, 0.1, 0.2, 0.3]
    )


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (seen("cube", "brick"), "with object can 0 times"),
        (seen("cube", "brick", "can", "cube"), "with object cube 2 times"),
        (seen("cube", "brick", "can", x=float("nan")), "sensor 'object_position' is not finite"),
        (seen("cube", "brick", "can", x=float("inf")), "sensor 'object_position' is not finite"),
        (seen("cube", "brick", "can", frame="camera"), "it is in frame 'camera', allowed: 'base_link', the base of"),
        (MultiDOFJointState(header=seen().header), "it does not tell object_position, which the task observes"),
    ],
)
def test_what_does_not_tell_where_all_objects_are_is_refused(message, complaint) -> None:
    give, _, refusals, found = reader()
    message.header.stamp = Clock().now().to_msg()
    give(message)
    assert len(refusals) == 1 and complaint in refusals[0] and found.problem.startswith("nothing has come")
    assert complaint in found.problem


def test_orientations_are_of_norm_one_or_refused() -> None:
    turns = replace(ROBOT, sensors=(*ROBOT.sensors, "object_orientation"))
    give, robot, refusals, _ = reader(turns)
    message = seen("cube", "brick", "can")
    message.transforms[1].rotation = Quaternion(z=0.63, w=0.84)  # norm 1.05
    give(message)
    told = robot.read().measurement["object_orientation"]
    np.testing.assert_allclose(told, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0])
    message = seen("cube", "brick", "can")
    message.transforms[2].rotation = Quaternion(w=0.0)
    give(message)
    assert refusals == ["tracked_objects refused: an object's orientation has norm 0, allowed: 1 +- 0.1"]


def test_an_old_stamp_is_refused() -> None:
    give, _, refusals, _ = reader()
    message = seen("cube", "brick", "can")
    message.header.stamp.sec -= 2
    give(message)
    assert "it is 2.00" in refusals[0] and "clocks that tell different times" in refusals[0]


def test_an_arm_begins_when_its_objects_are_seen_and_stops_when_they_are_not(tmp_path) -> None:
    """The xArm's driver at its stand-in, and the tracker that stands in for a camera node."""
    pytest.importorskip("xarm")
    pytest.importorskip("pybullet")
    from xarm_stand_ins import served

    from ros_rl.stand_ins.surroundings import Surroundings

    with served(around=Surroundings.of_task("xarm_pick_place")) as stand_in:
        where = {"address": stand_in.host, "control_port": stand_in.control_port, "report_port": stand_in.report_port}
        backend = [f"driver.backend.{key}={value}" for key, value in where.items()]
        chosen = ["driver.backend.name=xarm", "driver.mode=real_time", *backend]
        with graph(load_settings("xarm_pick_place", overrides=chosen), tmp_path, DriverNode) as (peer, driver):
            assert not str(driver.trigger_activate()).endswith("SUCCESS")
            peer.complaint(
                "driver", "nothing has come on /t/tracked_objects (sensor_msgs/MultiDOFJointState) about sponge"
            )
            robot, camera = load_robot("xarm6_gripper"), LateCamera(rate_hz=50.0, latency=0.05)
            tracker = Tracker(lambda: stand_in.things, robot, ("sponge",), NAMESPACE, camera, noise=0.001)
            try:
                activate(driver)
                wait_for(lambda: len(peer.ticks) > 20, "some ticks")
                told = np.array([tick.measurement["object_position"] for tick in peer.ticks])
                np.testing.assert_allclose(told.mean(0), stand_in.things["sponge"].position, atol=0.002)
                assert 0.0002 < told.std(0).max() < 0.004, "with the noise that was asked for"
                assert peer.call("arm").success
                wait_for(lambda: peer.ticks[-1].safety is SafetyState.READY, "the arm at home")
            finally:
                tracker.close()
            begun = time.monotonic()
            wait_for(lambda: peer.ticks[-1].safety is SafetyState.FAULT, "the arm to miss the camera")
            assert 0.3 < time.monotonic() - begun < 2.0
            assert "/t/tracked_objects is 0.5" in peer.complaint("driver", "tracked_objects is")


def test_a_late_camera_tells_what_was() -> None:
    import rclpy

    rclpy.init(args=[])
    node, came, begun = rclpy.create_node("hears"), [], time.time()

    def look() -> dict[str, Pose]:
        return {"cup": Pose(np.array([time.time() - begun, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0]))}

    node.create_subscription(MultiDOFJointState, "/late/tracked_objects", lambda m: came.append((time.time(), m)), 10)
    tracker = Tracker(look, load_robot("xarm6"), ("cup",), "late", LateCamera(latency=0.3), noise=0.0)
    try:
        end = time.monotonic() + 20.0
        while len(came) < 10 and time.monotonic() < end:
            rclpy.spin_once(node, timeout_sec=0.1)
    finally:
        tracker.close()
        node.destroy_node()
        rclpy.try_shutdown()
    for when, message in came[3:]:
        stamp = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
        assert 0.3 <= when - stamp < 0.6
        assert message.transforms[0].translation.x == pytest.approx(stamp - begun, abs=0.02)
        assert (message.joint_names, message.header.frame_id) == (["cup"], "link_base")
