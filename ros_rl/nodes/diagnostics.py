# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a node says about itself on ``/diagnostics``, once per second (REP 107)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from ros_rl.nodes.qos import STATE
from ros_rl.runtime.durations import Durations

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


class Input:
    """Age and rate of one input."""

    def __init__(self) -> None:
        self._count = 0
        self._last: float | None = None
        self._window = (time.monotonic(), 0)

    def touch(self) -> None:
        """A message came."""
        self._count += 1
        self._last = time.monotonic()

    def describe(self, name: str) -> dict[str, str]:
        """Age [s], rate [1/s] since the last call, and count."""
        now = time.monotonic()
        since, before = self._window
        self._window = (now, self._count)
        rate = (self._count - before) / max(now - since, 1e-9)
        age = "never" if self._last is None else f"{now - self._last:.3f}"
        return {f"{name} age [s]": age, f"{name} rate [1/s]": f"{rate:.1f}", f"{name} count": str(self._count)}


def describe_durations(name: str, durations: Durations) -> dict[str, str]:
    """p50, p99 and max in ms, by their names in diagnostics; nothing before the first."""
    return {f"{name} {key} [ms]": f"{value:.3f}" for key, value in durations.milliseconds().items()}


class Diagnostics:
    """Publishes a node's status.

    Args:
        node: Whose status it is.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", STATE)

    def publish(self, level: Any, message: str, values: Mapping[str, Any]) -> None:
        """Say how the node is.

        Args:
            level: `OK`, `WARN` or `ERROR`.
            message: One line.
            values: Figures by name, units in the names.
        """
        name = self._node.get_fully_qualified_name()
        status = DiagnosticStatus(level=level, name=f"{name}: status", message=message, hardware_id=name.split("/")[1])
        status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
