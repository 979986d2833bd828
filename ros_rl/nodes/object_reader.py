# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a task's objects are, as a tracker of somebody's publishes it, for a driver that cannot see them itself."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node

from ros_rl.errors import ContractError
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.listener import Listener
from ros_rl.nodes.messages import message_class
from ros_rl.nodes.sensor_messages import SensorTopic
from ros_rl.robot import Robot
from ros_rl.runtime.onlookers import Look
from ros_rl.sensors.objects import OBJECTS, TRACKED, of_norm_one
from ros_rl.sensors.sensor import IN_BASE
from ros_rl.sensors.table import SENSORS, tracked
from ros_rl.sensors.task_input import check_frame


def listen_to_tracker(node: Node, gate: Gate, robot: Robot, limit: float) -> Listener:
    """Listen to ``tracked_objects``.

    Args:
        node: Whose clock tells how old a stamp is.
        gate: Of the node.
        robot: With sensors of objects.
        limit: How old what comes may be [s].
    """
    names = tracked(robot)
    topic = SensorTopic(OBJECTS, {name: SENSORS[name] for name in names}, robot)

    def read(message: Any) -> tuple[int, Look]:
        check_frame(message, robot, IN_BASE)
        stamp, content = topic.unpack(message)
        values = topic.values(content)
        for name in names:
            if name not in values:
                raise ContractError(f"it does not tell {name}, which the task observes")
        unit = of_norm_one(values)
        return stamp, lambda: unit

    what = f"(sensor_msgs/MultiDOFJointState) about {', '.join(robot.objects)}"
    return Listener(node, gate, message_class(OBJECTS.message), TRACKED, read, what, limit)
