# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a driver hears of nodes of somebody's that see what its robot does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

from ros_rl.backends import Backend
from ros_rl.nodes.diagnostics import Input
from ros_rl.nodes.gate import Gate
from ros_rl.runtime.onlookers import Look, Onlooker, WithOnlookers

Read = Callable[[Any], tuple[int, Look]]
"""Makes of a message its stamp [ns] and what was seen then; raises for what it does not take."""


class Listener:
    """Listens to one topic.

    Args:
        node: Whose clock tells how old a stamp is.
        gate: Of the node.
        kind: Message type.
        topic: Relative name.
        read: Reads a message.
        what: It tells, for messages.
        limit: How old what comes may be [s].
        qos: Of the subscription.
    """

    def __init__(
        self, node: Node, gate: Gate, kind: Any, topic: str, read: Read, what: str, limit: float, qos: QoSProfile
    ) -> None:
        self._node, self._topic = node, topic
        self.onlooker = Onlooker(node.resolve_topic_name(topic), what, limit)
        """What was heard last."""
        self._arrivals = Input()
        self._entrance = gate.subscribe(kind, topic, read, self._take, qos)

    @property
    def problem(self) -> str:
        """Why nothing can be measured now; empty if it can."""
        health, refused = self.onlooker.health, self._entrance.reason
        return f"{health}; refused last: {refused}" if health and refused else health

    def describe(self) -> dict[str, Any]:
        """For diagnostics."""
        return self._arrivals.describe(self._topic)

    def _take(self, found: tuple[int, Look]) -> None:
        stamp, look = found
        self.onlooker.take(look, stamp, 1e-9 * (self._node.get_clock().now().nanoseconds - stamp))
        self._arrivals.touch()


def complete(backend: Backend, listeners: Sequence[Listener]) -> Backend:
    """A robot that sees what is heard, too."""
    return WithOnlookers(backend, [listener.onlooker for listener in listeners]) if listeners else backend
