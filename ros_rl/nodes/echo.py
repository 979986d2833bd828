# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether two processes find each other by ROS, and how long a message takes there and back."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Float64MultiArray

from ros_rl.errors import NodeSilentError
from ros_rl.nodes.qos import STATE
from ros_rl.nodes.running import make_executor
from ros_rl.runs.parent import PARENT_VARIABLE, end_with_parent

_SIZE = 64
_ROUNDS = 200
_FIND_SECONDS = 10.0
_ANSWER_SECONDS = 1.0


@dataclass(frozen=True)
class Echo:
    """What came back.

    Attributes:
        discovery: Until the first message came back [s], the other process's start included.
        median: Of the round trips of 64 floats [s].
        largest: Of the same [s].
        lost: Messages that did not come back.
    """

    discovery: float
    median: float
    largest: float
    lost: int


class _Pair(Node):
    def __init__(self, role: str, name: str, heard: str, said: str) -> None:
        super().__init__(f"doctor_{role}_{name}", enable_rosout=False, start_parameter_services=False)
        self.publisher = self.create_publisher(Float64MultiArray, f"doctor_{name}/{said}", STATE)
        self.create_subscription(Float64MultiArray, f"doctor_{name}/{heard}", self.on_message, STATE)
        self.last: float | None = None

    def on_message(self, message: Any) -> None:
        """Note the message's number."""
        self.last = message.data[0]


class _Answering(_Pair):
    def on_message(self, message: Any) -> None:
        """Send it back."""
        self.publisher.publish(message)


def try_echo() -> Echo:
    """Start a second process, and send it messages that it sends back.

    Raises:
        NodeSilentError: Nothing came back.
    """
    name = str(os.getpid())
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    begin = time.monotonic()
    other = subprocess.Popen(
        [sys.executable, "-m", "ros_rl.nodes.echo", name],
        stdin=subprocess.DEVNULL,
        env={**os.environ, PARENT_VARIABLE: name},
    )
    node, executor = _Pair("asks", name, "back", "there"), make_executor()
    executor.add_node(node)
    try:
        first = _round(node, executor, -1.0, _FIND_SECONDS, repeat=0.1)
        if first is None:
            raise NodeSilentError(f"a second process on this machine did not answer within {_FIND_SECONDS:g} s")
        discovery = time.monotonic() - begin
        trips = [_round(node, executor, float(number), _ANSWER_SECONDS) for number in range(_ROUNDS)]
        came = [trip for trip in trips if trip is not None]
        if not came:
            raise NodeSilentError("a second process on this machine answered once, and no more")
        return Echo(discovery, statistics.median(came), max(came), len(trips) - len(came))
    finally:
        other.kill()
        other.wait()
        node.destroy_node()
        rclpy.try_shutdown()


def _round(node: _Pair, executor: Any, number: float, limit: float, repeat: float = 10.0) -> float | None:
    message = Float64MultiArray(data=[number] + [0.0] * (_SIZE - 1))
    begin, asked = time.monotonic(), -repeat
    while time.monotonic() - begin < limit:
        if time.monotonic() - asked > repeat:
            asked = time.monotonic()
            node.publisher.publish(message)
        executor.spin_once(timeout_sec=0.02)
        if node.last == number:
            return time.monotonic() - begin
    return None


def answer(name: str) -> None:
    """Send back what comes, until the process that asked ends."""
    end_with_parent()
    rclpy.init(args=[])
    node, executor = _Answering("answers", name, "there", "back"), make_executor()
    executor.add_node(node)
    while rclpy.ok():
        executor.spin_once(timeout_sec=0.1)


if __name__ == "__main__":
    answer(sys.argv[1])
