# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The transform from the odometry frame to the robot's base, where the distribution has ``tf2_msgs``."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from rclpy.node import Node

from ros_rl.nodes.messages import to_time
from ros_rl.nodes.qos import NEWEST
from ros_rl.sensors.table import ODOM_FRAME
from ros_rl.types import Tick


def transform_message() -> Any | None:
    """The class of the messages on ``tf``; None where the distribution has no ``tf2_msgs``."""
    try:
        from tf2_msgs.msg import TFMessage
    except ImportError:
        return None
    return TFMessage


class TransformPublisher:
    """Publishes on the relative topic ``tf``; without ``tf2_msgs`` it does nothing.

    Args:
        node: Publishes.
    """

    def __init__(self, node: Node) -> None:
        TFMessage = self._message = transform_message()
        self._publisher: Any = None if TFMessage is None else node.create_publisher(TFMessage, "tf", NEWEST)

    def publish(self, tick: Tick, base_frame: str) -> None:
        """Publish the pose of a floating base."""
        m = tick.measurement
        if self._message is None or "base_position" not in m or "base_orientation" not in m:
            return
        transform = TransformStamped(child_frame_id=base_frame)
        transform.header.stamp, transform.header.frame_id = to_time(tick.stamp), ODOM_FRAME
        x, y, z = m["base_position"].tolist()
        transform.transform.translation = Vector3(x=x, y=y, z=z)
        x, y, z, w = m["base_orientation"].tolist()
        transform.transform.rotation = Quaternion(x=x, y=y, z=z, w=w)
        self._publisher.publish(self._message(transforms=[transform]))
