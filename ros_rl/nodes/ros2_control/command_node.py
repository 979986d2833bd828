# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The node that alone commands the controller, in a process of its own.

It sends set points as long as the driver gives targets in time. A controller of ros2_control does for ever what it was
told last; so when the driver is late, stopped or dead, the stop is sent from here, until the robot is armed anew.
"""

from __future__ import annotations

import array
import json
import os
import select
import signal
import socket
import sys
import time

from rclpy.node import Node
from std_msgs.msg import Float64MultiArray

from ros_rl.backends.motor_process.priority import take_priority
from ros_rl.backends.ros2_control.command_process import CommandSpec
from ros_rl.backends.ros2_control.orders import LARGEST, Report, pack_report, unpack_order
from ros_rl.backends.ros2_control.stream import Phase, Stream
from ros_rl.nodes.qos import NEWEST
from ros_rl.nodes.ros2_control.context import make_context, make_node
from ros_rl.nodes.ros2_control.publishers import others

_REPORT_SECONDS = 0.02
_LOOK_SECONDS = 0.25
_ALONE_SECONDS = 10.0  # after which an abandoned node ends where no controller listens any more
_AT_LEAST_SECONDS = 2.0  # that an abandoned robot is sent the stop, whoever else commands it


class CommandNode:
    """One socket in, one topic out.

    Args:
        node: Publishes.
        spec: What, and where.
        orders: The driver's end is the other one.
    """

    def __init__(self, node: Node, spec: CommandSpec, orders: socket.socket) -> None:
        self._node, self._orders = node, orders
        self._topic, self._driver = node.resolve_topic_name(spec.topic), os.getppid()
        self._publisher = node.create_publisher(Float64MultiArray, spec.topic, NEWEST)
        self._stream = Stream(spec.interface, spec.joints, spec.ramp)
        self._period = 1.0 / spec.rate_hz
        self._heard = True
        self._lost_at = self._looked = self._reported = self._listened = 0.0

    def live(self) -> None:
        """Work until the driver has closed it, or has ended and is relieved."""
        while not (self._publisher.get_subscription_count() or self._stream.over):  # until then it is not there
            self._wait(self._period)
        due = time.monotonic()
        while not self._stream.over and not self._relieved():
            told = self._wait(due - time.monotonic())
            now = time.monotonic()
            if told or now >= due:
                self._send(now)
            if now >= due:
                due = max(due + self._period, now)
            if now - self._reported >= _REPORT_SECONDS:
                self._report(now)

    def _wait(self, seconds: float) -> bool:
        """Wait for an order, and take all there are; False where none came."""
        if not self._heard:
            time.sleep(max(seconds, 0.0))
            return False
        if not select.select([self._orders], [], [], max(seconds, 0.0))[0]:
            return False
        while True:
            try:
                data = self._orders.recv(LARGEST)
            except BlockingIOError:
                return True
            except OSError:
                data = b""
            now = time.monotonic()
            if not data:
                self._heard, self._lost_at = False, now
                self._stream.lose(now)
                return True
            self._stream.take(*unpack_order(data), now)

    def _send(self, now: float) -> None:
        values = self._stream.at(now)
        if values is not None:
            self._publisher.publish(Float64MultiArray(data=array.array("d", values.tobytes())))

    def _report(self, now: float) -> None:
        self._reported = now
        stream = self._stream
        report = Report(now, stream.expired, stream.armings, stream.phase is Phase.LATCHED)
        try:
            self._orders.send(pack_report(report))
        except OSError:  # a driver that is stopped takes none
            pass

    def _relieved(self) -> bool:
        """Whether the driver has ended, and another node has come to command the robot or no controller is there."""
        now = time.monotonic()
        if not self._stream.abandoned or now - max(self._lost_at + _AT_LEAST_SECONDS, self._looked) < _LOOK_SECONDS:
            return False
        self._looked = now
        if self._publisher.get_subscription_count():
            self._listened = now
        alone = now - max(self._listened, self._lost_at) > _ALONE_SECONDS
        return alone or bool(others(self._node, self._topic, self._driver))


def main() -> int:
    """Run it; the arguments are the socket's descriptor and the specification."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor, spec = int(sys.argv[1]), CommandSpec(**json.loads(sys.argv[2]))
    take_priority(spec.priority)  # threads of the middleware have the same
    context = make_context()
    node = make_node(context, spec.name, spec.namespace, enable_rosout=False, start_parameter_services=False)
    with socket.socket(fileno=descriptor) as orders:
        orders.setblocking(False)
        CommandNode(node, spec, orders).live()
    node.destroy_node()
    context.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
