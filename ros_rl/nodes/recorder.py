# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Feeds the MCAP log with what a node receives and sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message

from ros_rl.nodes.gate import Gate
from ros_rl.nodes.messages import deserialised, from_time
from ros_rl.runs.mcap_log import McapLog


class Recorder:
    """Writes messages under their full topic names.

    Args:
        node: Receives or sends them.
        folder: Of the log.
    """

    def __init__(self, node: Node, folder: Path) -> None:
        self._node, self._log = node, McapLog(folder)
        self._names: dict[str, str] = {}
        self._stamps: dict[str, int] = {}

    def record(self, topic: str, kind: Any, data: bytes, stamp: int) -> None:
        """Record a message that came serialised, stamped [ns]; a repeated one counts once."""
        if self._stamps.get(topic) == stamp:
            return
        self._stamps[topic] = stamp
        name = self._names.get(topic) or self._names.setdefault(topic, self._node.resolve_topic_name(topic))
        self._log.write(name, _type_name(kind), data, stamp)

    def publish(self, topic: str, message: Any, stamp: int) -> None:
        """Record a message that the node itself sent."""
        self.record(topic, type(message), serialize_message(message), stamp)

    def subscribe(self, gate: Gate, kind: Any, topic: str, qos: QoSProfile) -> None:
        """Record a topic of messages with a header, whose sender the gate knows."""

        def read(data: bytes) -> tuple[bytes, int]:
            return data, from_time(deserialised(data, kind).header.stamp)

        gate.subscribe(kind, topic, read, lambda found: self.record(topic, kind, *found), qos, raw=True)

    def describe(self) -> dict[str, str]:
        """For diagnostics."""
        values = {"log": str(self._log.path), "log messages": str(self._log.messages)}
        if self._log.failure:
            values["log failure"] = self._log.failure
        if self._log.without_schema:
            values["log types without a definition"] = ", ".join(sorted(self._log.without_schema))
        return values

    def close(self) -> None:
        """Finish the log."""
        self._log.close()


def _type_name(kind: Any) -> str:
    package, _, _ = kind.__module__.partition(".")
    return f"{package}/msg/{kind.__name__}"
