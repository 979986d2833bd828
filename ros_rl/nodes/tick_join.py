# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Subscribes to a driver's topics and hands on whole ticks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message

from ros_rl.errors import ContractError
from ros_rl.nodes.qos import STATE
from ros_rl.nodes.tick_assembler import TickAssembler
from ros_rl.robot import Robot
from ros_rl.types import Tick


class TickJoin:
    """Subscribes to a driver's topics and calls back with whole ticks; see `TickAssembler`.

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
        self._deliver, self._refuse, self._record = deliver, refuse, record
        self._assembler = TickAssembler(robot)
        self.subscriptions = [
            node.create_subscription(kind, part, self._receiver(part, kind), qos, raw=record is not None)
            for part, kind in self._assembler.kinds.items()
        ]

    @property
    def incomplete(self) -> int:
        """Ticks that were given up for a missing part."""
        return self._assembler.incomplete

    def close(self, node: Node) -> None:
        """Unsubscribe."""
        for subscription in self.subscriptions:
            node.destroy_subscription(subscription)

    def _receiver(self, part: str, kind: Any) -> Callable[[Any], None]:
        def receive(message: Any) -> None:
            raw = message if self._record is not None else None
            try:
                stamp, content = self._assembler.unpack(part, deserialize_message(raw, kind) if raw else message)
                if raw is not None and self._record is not None:
                    self._record(part, kind, raw, stamp)
                tick = self._assembler.add(part, stamp, content)
            except ContractError as error:
                self._refuse(str(error))
                return
            if tick is not None:
                self._deliver(tick)

        return receive
