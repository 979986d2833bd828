# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures of a robot's cameras, as camera nodes of somebody's publish them, for a driver that has none itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rclpy.node import Node

from ros_rl.cameras.arriving import colour_in, depth_in
from ros_rl.errors import ConfigError
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.listener import Listener, Read
from ros_rl.nodes.messages import from_time, message_class
from ros_rl.nodes.running import create_timer
from ros_rl.robot import Camera, Robot
from ros_rl.runtime.onlookers import Look
from ros_rl.sensors.cameras import IMAGE, camera_sensors, depth_of, image_of, watched_topics

_LOOK_SECONDS = 0.5


def listen_to_cameras(node: Node, gate: Gate, robot: Robot, given: Sequence[str], limit: float) -> list[Listener]:
    """Listen to the pictures of each camera that looks, and to its depth where it measures that.

    Args:
        node: Whose clock tells how old a stamp is.
        gate: Of the node.
        robot: With cameras that look.
        given: Topics that are named; see `ros_rl.sensors.cameras.named_topics`.
        limit: How old a picture may be [s].

    Raises:
        ConfigError: A topic is the driver's own.
    """
    topics, listeners = watched_topics(robot, given), list[Listener]()
    own = {node.resolve_topic_name(sensor.topic.name) for sensor in camera_sensors(robot).values()}
    for name, camera in robot.cameras.items():
        for measured, make in ((image_of(name), colour_in), (depth_of(name), depth_in)):
            if measured not in topics:
                continue
            topic = topics[measured]
            if node.resolve_topic_name(topic) in own:
                raise ConfigError(f"driver.camera_topics: the driver itself publishes on {topic}; use another topic")
            what = f"(sensor_msgs/Image) of camera '{name}'"
            read = _reader(measured, make, camera)
            listeners.append(Listener(node, gate, message_class(IMAGE), topic, read, what, limit))
    for listener in listeners:
        create_timer(node, _LOOK_SECONDS, listener.follow_offer)
    return listeners


def _reader(measured: str, make: Any, camera: Camera) -> Read:
    def read(message: Any) -> tuple[int, Look]:
        picture = make(message, camera)
        return from_time(message.header.stamp), lambda: {measured: picture()}

    return read
