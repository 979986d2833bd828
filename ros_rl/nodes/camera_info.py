# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot's cameras are, for whoever wants to know where in the world a pixel looks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from ros_rl.cameras.pinhole import intrinsics
from ros_rl.nodes.messages import to_time
from ros_rl.nodes.qos import STATE
from ros_rl.nodes.sensor_messages import camera_topics
from ros_rl.robot import Camera, Robot
from ros_rl.sensors.cameras import depth_of, image_of, info_topics, optical_frame


def camera_info(name: str, camera: Camera) -> CameraInfo:
    """A camera without distortion, by its name."""
    k = intrinsics(camera)
    message = CameraInfo(width=camera.width, height=camera.height, distortion_model="plumb_bob", d=[0.0] * 5)
    message.header.frame_id = optical_frame(name)
    message.k = k.reshape(-1)
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [value for row in k.tolist() for value in (*row, 0.0)]
    return message


class CameraInfos:
    """Publishes beside each picture's topic what its camera is.

    Args:
        node: Publishes.
        robot: Whose cameras look.
    """

    def __init__(self, node: Node, robot: Robot) -> None:
        self._infos = [
            (camera_info(name, robot.cameras[name]), node.create_publisher(CameraInfo, topic, STATE))
            for name, topic in info_topics(robot)
        ]

    def publish(self, stamp: int) -> None:
        """At a tick, by its stamp [ns]."""
        for message, publisher in self._infos:
            message.header.stamp = to_time(stamp)
            publisher.publish(message)


def unjoined(robot: Robot, joined: Collection[str]) -> dict[str, Any]:
    """Topics of cameras and their message types that no tick of these cameras' pictures has, for the log."""
    pictures = {
        topic.name: topic.kind
        for name, topic in camera_topics(robot).items()
        if name not in {sensor for camera in joined for sensor in (image_of(camera), depth_of(camera))}
    }
    return pictures | {topic: CameraInfo for _, topic in info_topics(robot)}
