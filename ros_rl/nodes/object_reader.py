# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a task's objects are, as a tracker of somebody's publishes it, for a driver that cannot see them itself."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node

from ros_rl.backends import Backend
from ros_rl.errors import ContractError
from ros_rl.nodes.diagnostics import Input
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.messages import message_class
from ros_rl.nodes.qos import NEWEST
from ros_rl.nodes.sensor_messages import SensorTopic
from ros_rl.robot import Robot
from ros_rl.runtime.tracked_objects import TrackedObjects, WithTracker
from ros_rl.sensors.objects import OBJECTS, TRACKED, of_norm_one
from ros_rl.sensors.sensor import IN_BASE
from ros_rl.sensors.table import SENSORS, tracked
from ros_rl.sensors.task_input import check_frame
from ros_rl.types import Array


class ObjectReader:
    """Listens to ``tracked_objects``.

    Args:
        node: Whose clock tells how old a stamp is.
        gate: Of the node.
        robot: With sensors of objects.
        limit: How old what comes may be [s].
    """

    def __init__(self, node: Node, gate: Gate, robot: Robot, limit: float) -> None:
        self._node, self._robot = node, robot
        self._topic = SensorTopic(OBJECTS, {name: SENSORS[name] for name in tracked(robot)}, robot)
        self._tracker = TrackedObjects(node.resolve_topic_name(TRACKED), robot.objects, limit)
        self._arrivals = Input()
        gate.subscribe(message_class(OBJECTS.message), TRACKED, self._read, self._take, NEWEST)

    def complete(self, backend: Backend) -> Backend:
        """A robot that sees the objects, too."""
        return WithTracker(backend, self._tracker)

    @property
    def problem(self) -> str:
        """Why nothing can be measured now; empty if it can."""
        return self._tracker.health

    def describe(self) -> dict[str, Any]:
        """For diagnostics."""
        return self._arrivals.describe(TRACKED)

    def _read(self, message: Any) -> tuple[int, dict[str, Array]]:
        check_frame(message, self._robot, IN_BASE)
        stamp, content = self._topic.unpack(message)
        values = self._topic.values(content)
        for name in tracked(self._robot):
            if name not in values:
                raise ContractError(f"it does not tell {name}, which the task observes")
        return stamp, of_norm_one(values)

    def _take(self, found: tuple[int, dict[str, Array]]) -> None:
        stamp, values = found
        self._tracker.take(values, stamp, 1e-9 * (self._node.get_clock().now().nanoseconds - stamp))
        self._arrivals.touch()
