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
        self._newest: int | None = None

    def record(self, topic: str, kind: Any, data: bytes, stamp: int) -> None:
        """Record a message that came serialised, stamped [ns]; a repeated one counts once."""
        if self._stamps.get(topic) == stamp:
            return
        self._stamps[topic] = self._newest = stamp
        self._write(topic, kind, data, stamp)

    def _write(self, topic: str, kind: Any, data: bytes, stamp: int) -> None:
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

    def watch(self, gate: Gate, kind: Any, topic: str, qos: QoSProfile, anybody: bool = False) -> None:
        """Record all that is said on a topic, at the stamp of what was recorded last: all of a log is on one time line.

        Args:
            gate: By which it comes in.
            kind: Message type.
            topic: Its name.
            qos: Of the subscription.
            anybody: See `Gate.subscribe`.
        """

        def receive(data: bytes) -> None:
            if self._newest is not None:
                self._write(topic, kind, data, self._newest)

        gate.subscribe(kind, topic, bytes, receive, qos, raw=True, anybody=anybody)

    @property
    def problem(self) -> str:
        """What is wrong with the log, in a line; empty if nothing is."""
        if self._log.failure:
            return f"the log has ended: {self._log.failure}"
        if self._log.dropped:
            return f"the disk is too slow for the log: {self._log.dropped} messages are missing in it"
        return self._log.warning

    def describe(self) -> dict[str, str]:
        """For diagnostics."""
        values = {"log": str(self._log.path), "log messages": str(self._log.messages)}
        counts = {"log messages dropped": self._log.dropped, "log messages refused": self._log.refused}
        values |= {name: str(count) for name, count in counts.items() if count}
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
