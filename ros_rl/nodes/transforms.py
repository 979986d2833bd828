# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Transforms out of the odometry frame, to the robot's base and to cameras beside it, where there is ``tf2_msgs``."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from rclpy.node import Node

from ros_rl.cameras.pinhole import optical_axes
from ros_rl.nodes.messages import to_time
from ros_rl.nodes.qos import NEWEST
from ros_rl.robot import Camera, Robot
from ros_rl.robot.kinematics import fixed_angles
from ros_rl.rotations import from_rotation_vector, multiply
from ros_rl.sensors.cameras import optical_frame
from ros_rl.sensors.table import ODOM_FRAME
from ros_rl.types import Array, Tick


def transform_message() -> Any | None:
    """The class of the messages on ``tf``; None where the distribution has no ``tf2_msgs``."""
    try:
        from tf2_msgs.msg import TFMessage
    except ImportError:
        return None
    return TFMessage


class TransformPublisher:
    """Publishes on the relative topic ``tf``; without ``tf2_msgs`` it does nothing.

    Cameras that do not stand in the world have their frames from the robot's description.

    Args:
        node: Publishes.
        robot: Whose base moves, and whose cameras look.
    """

    def __init__(self, node: Node, robot: Robot) -> None:
        TFMessage = self._message = transform_message()
        self._publisher: Any = None if TFMessage is None else node.create_publisher(TFMessage, "tf", NEWEST)
        self._base = robot.base_frame
        standing = {name: camera for name, camera in robot.cameras.items() if camera.link is None}
        self._still = [_of_camera(name, camera) for name, camera in standing.items() if robot.floating_base]

    def publish(self, tick: Tick) -> None:
        """Publish the pose of a floating base, and those of the cameras."""
        if self._message is None:
            return
        m, transforms = tick.measurement, [*self._still]
        if "base_position" in m and "base_orientation" in m:
            transforms.append(_from_odometry(self._base, m["base_position"], m["base_orientation"]))
        for transform in transforms:
            transform.header.stamp = to_time(tick.stamp)
        if transforms:
            self._publisher.publish(self._message(transforms=transforms))


def _of_camera(name: str, camera: Camera) -> TransformStamped:
    roll, pitch, yaw = fixed_angles(optical_axes(camera))
    turns = [from_rotation_vector(np.array(vector)) for vector in ((0, 0, yaw), (0, pitch, 0), (roll, 0, 0))]
    return _from_odometry(optical_frame(name), np.array(camera.position), reduce(multiply, turns))


def _from_odometry(child: str, position: Array, orientation: Array) -> TransformStamped:
    transform = TransformStamped(child_frame_id=child)
    transform.header.frame_id = ODOM_FRAME
    x, y, z = position.tolist()
    transform.transform.translation = Vector3(x=x, y=y, z=z)
    x, y, z, w = orientation.tolist()
    transform.transform.rotation = Quaternion(x=x, y=y, z=z, w=w)
    return transform
