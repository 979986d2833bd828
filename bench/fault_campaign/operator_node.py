# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whoever stands beside the robot: calls its services, hears its ticks, and reads what the nodes say of themselves."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger

from ros_rl.nodes import packets
from ros_rl.nodes.qos import LATCHED, STATE
from ros_rl.types import SafetyState

TRANSITIONS = {
    "configure": Transition.TRANSITION_CONFIGURE,
    "cleanup": Transition.TRANSITION_CLEANUP,
    "activate": Transition.TRANSITION_ACTIVATE,
    "deactivate": Transition.TRANSITION_DEACTIVATE,
}
_FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Heard:
    """What one tick said, and when it came [s, steady clock]."""

    time: float
    stamp: int
    session: int
    index: int
    env_steps: int
    safety: SafetyState


@dataclass(frozen=True)
class Answer:
    """Of a service; `seconds` after it was called."""

    success: bool
    message: str
    seconds: float


class Operator:
    """A ROS node in a thread of its own.

    Args:
        namespace: Of the run.
    """

    def __init__(self, namespace: str) -> None:
        self.node = rclpy.create_node("operator", namespace=namespace)
        self.ticks: deque[Heard] = deque(maxlen=20_000)
        self.said: list[tuple[float, str, str]] = []
        """What the nodes complained of in diagnostics: when, who, what; a line only where it changed."""
        self.values: dict[str, dict[str, str]] = {}
        """The newest figures of each node's diagnostics."""
        self.progress: dict[str, float] = {}
        self.progress_time = 0.0
        self.only: int | None = None
        """The one driver's session that is listened to, while others are about; None: all."""
        self._last: dict[str, str] = {}
        self._steps: dict[int, int] = {}
        self._clients: dict[str, Any] = {}
        self.node.create_subscription(Float64MultiArray, "tick", self._on_tick, STATE)
        self.node.create_subscription(Float64MultiArray, "progress", self._on_progress, LATCHED)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, STATE)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the node."""
        self._executor.shutdown()
        self._thread.join(timeout=5.0)
        self.node.destroy_node()

    @property
    def newest(self) -> Heard | None:
        """The newest tick, if it is fresh."""
        tick = self.ticks[-1] if self.ticks else None
        return tick if tick is not None and time.monotonic() - tick.time < _FRESH_SECONDS else None

    @property
    def safety(self) -> SafetyState | None:
        """The driver's state; None if it is silent."""
        newest = self.newest
        return newest.safety if newest is not None else None

    @property
    def steps(self) -> int:
        """Environment steps of all drivers' sessions that were heard."""
        return sum(self._steps.values())

    def call(self, service: str, seconds: float = 10.0) -> Answer:
        """Call a service of the driver's; an answer that does not come is a failure."""
        return self._called(service, Trigger, Trigger.Request(), seconds)

    def change(self, node: str, transition: str, seconds: float = 20.0) -> Answer:
        """Ask a lifecycle node for a transition."""
        request = ChangeState.Request()
        request.transition.id = TRANSITIONS[transition]
        return self._called(f"{node}/change_state", ChangeState, request, seconds)

    def complaints(self, since: float) -> list[tuple[str, str]]:
        """Node and words of what was complained of since then [s, steady clock]."""
        return [(node, words) for when, node, words in list(self.said) if when >= since]

    def _called(self, service: str, kind: Any, request: Any, seconds: float) -> Answer:
        client = self._clients.get(service)
        if client is None:
            client = self._clients[service] = self.node.create_client(kind, service)
        begin = time.monotonic()
        if not client.wait_for_service(timeout_sec=seconds):
            return Answer(False, f"there is no service {service}", time.monotonic() - begin)
        done = threading.Event()
        begin = time.monotonic()
        future = client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        if not done.wait(seconds):
            return Answer(False, f"{service} did not answer", time.monotonic() - begin)
        answer = future.result()
        return Answer(answer.success, getattr(answer, "message", ""), time.monotonic() - begin)

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass

    def _on_tick(self, message: Float64MultiArray) -> None:
        try:
            header, fields = packets.from_vectors(message)
            heard = Heard(
                time.monotonic(),
                header.stamp,
                header.version,
                int(fields["index"][0]),
                int(fields["env_steps"][0]),
                SafetyState(int(fields["safety"][0])),
            )
        except Exception:
            return
        if self.only in (None, heard.session):
            self._take(heard)

    def _take(self, heard: Heard) -> None:
        self.ticks.append(heard)
        self._steps[heard.session] = heard.env_steps

    def _on_progress(self, message: Float64MultiArray) -> None:
        try:
            _, fields = packets.from_vectors(message)
        except Exception:
            return
        if "transitions" in fields:
            self.progress = {name: float(value[0]) for name, value in fields.items() if len(value)}
            self.progress_time = time.monotonic()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            node = status.name.partition(":")[0].rpartition("/")[2]
            level = status.level[0] if isinstance(status.level, bytes) else int(status.level)
            values = {item.key: item.value for item in status.values}
            self.values[node] = values
            words = status.message if level else ""
            refused = "; ".join(f"{key} {value}" for key, value in values.items() if key.startswith("refused "))
            self._note(node, "words", words)
            self._note(node, "refused", refused)

    def _note(self, node: str, kind: str, words: str) -> None:
        if words != self._last.get(f"{node} {kind}", ""):
            self._last[f"{node} {kind}"] = words
            if words:
                self.said.append((time.monotonic(), node, words))
