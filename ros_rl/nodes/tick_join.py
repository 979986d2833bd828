# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Joins the messages of one stamp into the tick that the driver opened, whatever order they come in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Float64MultiArray

from ros_rl.errors import ContractError
from ros_rl.nodes.messages import from_time
from ros_rl.nodes.packets import from_vectors
from ros_rl.nodes.qos import STATE
from ros_rl.nodes.sensor_messages import IMU, ODOM, PARTS, TOOL
from ros_rl.nodes.tick_messages import from_tick
from ros_rl.robot import Robot
from ros_rl.types import Tick

TOPICS: dict[str, tuple[str, Any]] = {
    "joints": ("joint_states", JointState),
    IMU: ("imu/data", Imu),
    ODOM: ("odom", Odometry),
    TOOL: ("tool_pose", PoseStamped),
    "tick": ("tick", Float64MultiArray),
}
"""Topic and type of each part of a tick, by the part's name."""

_KEPT = 8  # stamps that wait for their missing parts; older ones are given up
_DELIVERED = "delivered"


class TickJoin:
    """Subscribes to a driver's topics and calls back with whole ticks.

    A repeated tick (lock-step) is delivered again.

    Args:
        node: Subscribes.
        robot: Whose ticks they are.
        deliver: Called with every whole tick.
        refuse: Called with the reason when messages make no tick.
        record: Called with (topic, type, CDR bytes, stamp [ns]) of every message.
        qos: `STATE` for every tick; `NEWEST` for one who fell behind to go on with the newest.
    """

    def __init__(
        self,
        node: Node,
        robot: Robot,
        deliver: Callable[[Tick], None],
        refuse: Callable[[str], None],
        record: Callable[[str, Any, bytes, int], None] | None = None,
        qos: QoSProfile = STATE,
    ) -> None:
        self._robot, self._deliver, self._refuse, self._record = robot, deliver, refuse, record
        self._waiting: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self.incomplete = 0
        """Ticks that were given up for a missing part."""
        self.subscriptions = [
            node.create_subscription(kind, topic, self._receiver(part, topic, kind), qos, raw=record is not None)
            for part, (topic, kind) in TOPICS.items()
        ]

    def close(self, node: Node) -> None:
        """Unsubscribe."""
        for subscription in self.subscriptions:
            node.destroy_subscription(subscription)

    def _receiver(self, part: str, topic: str, kind: Any) -> Callable[[Any], None]:
        def receive(message: Any) -> None:
            raw = message if self._record is not None else None
            if raw is not None:
                message = deserialize_message(raw, kind)
            try:
                content, stamp = self._read(part, message)
            except ContractError as error:
                self._refuse(str(error))
                return
            if raw is not None and self._record is not None:
                self._record(topic, kind, raw, stamp)
            self._add(part, stamp, content)

        return receive

    def _read(self, part: str, message: Any) -> tuple[Any, int]:
        if part != "tick":
            return message, from_time(message.header.stamp)
        header, fields = from_vectors(message)
        return (header, fields), header.stamp

    def _add(self, part: str, stamp: int, content: Any) -> None:
        parts = self._waiting.setdefault(stamp, {})
        while len(self._waiting) > _KEPT:
            _, oldest = self._waiting.popitem(last=False)
            self.incomplete += _DELIVERED not in oldest
        parts[part] = content
        if not self._complete(parts) or (_DELIVERED in parts and part != "tick"):
            return
        parts[_DELIVERED] = True
        try:
            header, fields = parts["tick"]
            tick = from_tick(header, fields, parts, self._robot)
        except ContractError as error:
            self._refuse(str(error))
            return
        self._deliver(tick)

    def _complete(self, parts: dict[str, Any]) -> bool:
        if "tick" not in parts or "joints" not in parts:
            return False
        present = parts["tick"][1].get("parts", ())
        return all(name in parts for name, wanted in zip(PARTS, present, strict=False) if wanted)
