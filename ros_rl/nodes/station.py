# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person at a keyboard beside the graph: wishes and a dead man's switch go out, states and answers come back."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import rclpy
from rclpy.node import Node
from std_msgs.msg import Bool, Float64MultiArray, String

from ros_rl.errors import RosRlError
from ros_rl.nodes import packets
from ros_rl.nodes.background import Background
from ros_rl.nodes.operator import Call
from ros_rl.nodes.qos import LATCHED, NEWEST, STATE
from ros_rl.settings.teleop import CORRECTS
from ros_rl.teleop.console import Console
from ros_rl.teleop.keyboard import HELP, Keyboard
from ros_rl.teleop.keys import KeyDecoder
from ros_rl.teleop.wish import wish_fields
from ros_rl.wire import Header

_PERIOD = 0.05  # s between two messages
_PATIENCE = 3.0  # s for a service to be found
_LOOK_SECONDS = 1.0
_END_SECONDS = 2.0


class Station:
    """Reads a terminal's keys and publishes what they mean, until it is told to stop or no key can come any more.

    Args:
        node: Publishes, in the driver's namespace.
        console: The terminal, entered.
    """

    def __init__(self, node: Node, console: Console) -> None:
        self._node, self._console = node, console
        self._decoder, self._keyboard = KeyDecoder(), Keyboard()
        self._calls: dict[str, tuple[float, Call]] = {}
        self._state, self._drives, self._warning = "waiting for the driver", "", ""
        self._sequence, self._session = 0, time.time_ns() // 1_000_000
        self._looked = time.monotonic()
        self._switch = node.create_publisher(Bool, "dead_man", NEWEST)
        self._wishes = node.create_publisher(Float64MultiArray, "teleop", STATE)
        node.create_subscription(String, "safety_state", self._on_state, LATCHED)
        node.create_subscription(String, "teleop_state", self._on_drives, LATCHED)

    def run(self, stop: threading.Event) -> None:
        """Work until the end, and let go.

        Args:
            stop: Ends it.
        """
        for line in HELP:
            self._console.say(line)
        try:
            while not stop.is_set() and rclpy.ok():
                data = self._console.read(_PERIOD)
                if data is None:
                    self._console.say("keyboard: the terminal is gone")
                    return
                for key in self._decoder.feed(data):
                    self._press(key)
                self._publish()
                self._look()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Say so, rather than fall silent."""
        self._keyboard.release()
        if rclpy.ok():
            self._publish()
        self._console.status("")

    def _press(self, key: str) -> None:
        service = self._keyboard.press(key, time.monotonic())
        if service:
            self._calls[service] = (time.monotonic(), Call(self._node, service))
            self._ask(service)
        self._publish()

    def _publish(self) -> None:
        wish = self._keyboard.wish(time.monotonic())
        self._switch.publish(Bool(data=wish.held))
        header = Header(self._node.get_clock().now().nanoseconds, self._sequence, self._session)
        self._wishes.publish(packets.to_vectors(header, wish_fields(wish)))
        self._sequence += 1
        hand = "HELD" if wish.held else "released"
        self._console.status(" | ".join(filter(None, [self._warning, self._state, self._drives, hand])))

    def _ask(self, service: str) -> None:
        since, call = self._calls[service]
        if call.ready:
            call.ask()
        if call.answer is not None:
            done, text = call.answer
            self._console.say(f"{service}: {'' if done else 'refused: '}{text}")
        elif call.over or (not call.ready and time.monotonic() - since > _PATIENCE):
            self._console.say(f"{service}: NO ANSWER; use the robot's own stop")
        else:
            return
        del self._calls[service]

    def _look(self) -> None:
        """See what became of calls, and who listens."""
        for service in list(self._calls):
            self._ask(service)
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        self._warning = ""
        if not (self._node.count_subscribers(self._switch.topic_name) or self._drives.startswith(CORRECTS)):
            self._warning = "NO SWITCH: the driver listens to none (driver.dead_man: topic)"
        elif self._node.count_publishers(self._switch.topic_name) > 1:
            self._warning = "ANOTHER KEYBOARD is there; the first counts"

    def _on_state(self, message: String) -> None:
        self._state = message.data

    def _on_drives(self, message: String) -> None:
        self._drives = message.data


@contextmanager
def station(console: Console, namespace: str, stop: threading.Event) -> Iterator[None]:
    """A `Station` in a thread of its own, beside a run that this process leads.

    Args:
        console: The terminal, entered.
        namespace: Of the driver.
        stop: Of the run; a station that fails sets it.
    """
    node = rclpy.create_node("keyboard", namespace=namespace, use_global_arguments=False)
    background, end = Background(node, stop), threading.Event()

    def work() -> None:
        try:
            Station(node, console).run(end)
        except Exception:
            if rclpy.ok():
                console.say(traceback.format_exc())
                stop.set()

    thread = threading.Thread(target=work, name="keyboard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(timeout=_END_SECONDS)
        background.close()
        node.destroy_node()


def drive(console: Console, node: Node, stop: threading.Event) -> None:
    """A `Station` in this thread.

    Args:
        console: The terminal, entered.
        node: In the driver's namespace.
        stop: Ends it.

    Raises:
        RosRlError: A message could not be read; see above.
    """
    background = Background(node, stop)
    try:
        Station(node, console).run(stop)
        if background.failed:
            raise RosRlError("the keyboard failed at a message; see above")
    finally:
        background.close()
