# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a driver hears of nodes of somebody's that see what its robot does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy

from ros_rl.backends import Backend
from ros_rl.nodes.diagnostics import Input
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.qos import NEWEST, UNRELIABLE
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
    """

    def __init__(self, node: Node, gate: Gate, kind: Any, topic: str, read: Read, what: str, limit: float) -> None:
        self._node, self._gate, self._topic = node, gate, topic
        self.onlooker = Onlooker(node.resolve_topic_name(topic), what, limit)
        """What was heard last."""
        self._arrivals = Input()
        self._entrance = gate.subscribe(kind, topic, read, self._take, NEWEST)
        self._reliable = True

    @property
    def problem(self) -> str:
        """Why nothing can be measured now; empty if it can."""
        health, refused = self.onlooker.health, self._entrance.reason
        return f"{health}; refused last: {refused}" if health and refused else health

    def follow_offer(self) -> None:
        """Ask for what those offer who publish here, as long as nothing comes.

        A reliable subscription hears nothing of one who is not; an unreliable one loses large messages.
        """
        if not self.onlooker.health:
            return
        offered = self._node.get_publishers_info_by_topic(self._node.resolve_topic_name(self._topic))
        if not offered:
            return
        reliable = any(item.qos_profile.reliability != ReliabilityPolicy.BEST_EFFORT for item in offered)
        if reliable != self._reliable:
            self._reliable = reliable
            self._gate.renew(self._entrance, NEWEST if reliable else UNRELIABLE)

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
