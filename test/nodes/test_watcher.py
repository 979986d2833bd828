# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Camera nodes that are not there: what they publish is what a simulator in the same posture draws, late."""

import time
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("pybullet")

import rclpy
from sensor_msgs.msg import Image

from ros_rl.backends import construct
from ros_rl.backends.backend import Scenario
from ros_rl.cameras.arriving import colour_in, depth_in
from ros_rl.cameras.pinhole import millimetres
from ros_rl.nodes.late_camera import LateCamera
from ros_rl.nodes.qos import NEWEST
from ros_rl.nodes.watcher import Posture, Sight, Watcher
from ros_rl.robot import load_robot
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.types import Pose

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2), pytest.mark.timeout(180)]
ARM, SCENE, LATENCY = load_robot("xarm6_gripper"), "two_bins_soft", 0.2
FRONT = replace(ARM.optional_cameras["front"], depth=True)
HERE = Posture(
    ARM.home + [0.3, 0.0, 0.0, 0.0, 0.0, 0.2, -0.1],
    {"sponge": Pose(np.array([0.45, 0.1, 0.1]), np.array([0.0, 0.0, 0.6, 0.8]))},
)


def drawn(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """By a simulator whose camera is as large."""
    robot = replace(ARM, cameras={"front": replace(FRONT, width=96, height=72)}, objects=())
    backend = construct("pybullet", robot, PyBulletSettings(), 0.05, Scenario(SCENE))
    try:
        backend.reset(np.random.default_rng(5))
        backend.pose(*posture)
        colour, depth = backend.look("front")
        return colour, millimetres(depth, robot.cameras["front"])
    finally:
        backend.close()


def test_pictures_are_of_what_is_there_and_late() -> None:
    rclpy.init(args=[])
    node, came = rclpy.create_node("eyes"), {"image_raw": [], "depth/image_raw": []}
    for topic, found in came.items():
        hear = lambda message, found=found: found.append((time.time(), message))  # noqa: E731
        node.create_subscription(Image, f"/seen/watched/front/{topic}", hear, NEWEST)
    asked: list[float] = []

    def look() -> Posture:
        asked.append(time.time())
        return HERE

    watcher = Watcher(look, Sight(ARM, SCENE, "seen", LateCamera(10.0, LATENCY), 96, 72))
    try:
        assert "/seen/watched/wrist/depth/image_raw" in watcher.topics
        end = time.monotonic() + 90.0
        while min(map(len, came.values())) < 6 and time.monotonic() < end:
            rclpy.spin_once(node, timeout_sec=0.1)
    finally:
        watcher.close()
        node.destroy_node()
        rclpy.try_shutdown()
    assert min(map(len, came.values())) >= 6
    stamps = [message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec for _, message in came["image_raw"]]
    assert (np.diff(stamps) > 0.0).all()
    for (when, _), stamp in zip(came["image_raw"], stamps, strict=True):
        assert when - stamp >= LATENCY and min(abs(stamp - moment) for moment in asked) < 0.1
    camera = replace(FRONT, width=96, height=72)
    colour, depth = drawn(HERE)
    assert colour.std() > 20.0 and (depth > 0).mean() > 0.5
    assert (colour_in(came["image_raw"][-1][1], camera)() == colour).all()
    assert (depth_in(came["depth/image_raw"][-1][1], camera)() == depth).all()
    elsewhere = drawn(
        Posture(HERE.joints, {"sponge": Pose(np.array([0.45, -0.1, 0.1]), np.array([0.0, 0.0, 0.0, 1.0]))})
    )
    assert (elsewhere[0] != colour).any(axis=-1).sum() > 20, "the sponge is seen where it is"
