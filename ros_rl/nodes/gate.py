# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The one door by which messages enter a node: who sent it, what it holds, and whether the node takes it.

Whatever is wrong with a message is a counted refusal that the node's diagnostics tell; it never reaches the executor.
"""

from __future__ import annotations

import inspect
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import rclpy
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from ros_rl.errors import RosRlError, one_line
from ros_rl.nodes.admission import Admission, Answer
from ros_rl.nodes.running import create_timer
from ros_rl.nodes.speakers import Speakers, speakers_on
from ros_rl.settings.tree import Settings

T = TypeVar("T")
_REPORT_SECONDS = 0.2  # between two reports of one topic; all are counted
_HOLD_SECONDS = 20.0  # that a message waits for the graph to say whose it is, which takes its time on a busy machine
_RETRY_SECONDS = 0.1


class Gate:
    """A node's subscriptions.

    Args:
        node: Subscribes.
        settings: Of the run, which say whose word counts; None: everybody's.
        report: Told in one line what was refused, not more often than a few times a second for each topic.
    """

    def __init__(self, node: Node, settings: Settings | None, report: Callable[[str], None]) -> None:
        self._node, self._settings, self._report = node, settings, report
        self._entrances: list[Entrance] = []
        self._timer: Any = None

    def subscribe(
        self,
        kind: Any,
        topic: str,
        decode: Callable[[Any], T],
        deliver: Callable[[T], object],
        qos: QoSProfile,
        raw: bool = False,
        anybody: bool = False,
    ) -> Entrance:
        """Listen to a topic.

        Args:
            kind: Message type.
            topic: Relative name.
            decode: Makes of a message what the node wants; raises whatever it likes for what it does not take.
            deliver: Takes what was decoded; what it raises is a refusal, too.
            qos: Of the subscription.
            raw: Whether messages come serialised.
            anybody: Whether everybody's word counts; else that of `ros_rl.nodes.speakers`.
        """
        speakers = None if anybody or self._settings is None else speakers_on(topic, self._settings)
        entrance = Entrance(self._node, topic, decode, deliver, qos, speakers, self._report, self._retry_soon)
        self._entrances.append(entrance)
        entrance.subscription = self._node.create_subscription(kind, topic, entrance, qos, raw=raw)
        return entrance

    def renew(self, entrance: Entrance, qos: QoSProfile) -> None:
        """Listen anew, with another quality of service."""
        kind, raw = entrance.subscription.msg_type, entrance.subscription.raw
        self._node.destroy_subscription(entrance.subscription)
        entrance.subscription = self._node.create_subscription(kind, entrance.topic, entrance, qos, raw=raw)

    def close(self, entrances: list[Entrance]) -> None:
        """Unsubscribe from these."""
        for entrance in entrances:
            self._node.destroy_subscription(entrance.subscription)
            self._entrances.remove(entrance)

    @property
    def refused(self) -> int:
        """Messages that were refused, whatever for."""
        return sum(entrance.refused for entrance in self._entrances)

    def describe(self) -> dict[str, str]:
        """For diagnostics: of each topic where something was refused, how often, and why the last time."""
        return {f"refused {item.topic}": f"{item.refused}: {item.reason}" for item in self._entrances if item.reason}

    def _retry_soon(self) -> None:
        if self._timer is None:
            self._timer = create_timer(self._node, _RETRY_SECONDS, self._retry)
        self._timer.reset()

    def _retry(self) -> None:
        waiting = [entrance.retry(time.monotonic()) for entrance in self._entrances]
        if not any(waiting):
            self._timer.cancel()


class Entrance:
    """One subscription behind a `Gate`; a callback for rclpy.

    Messages of a publisher whose node is not known yet wait for it, and so do those on a latched topic that come from
    a second process of an expected node: they count if the first is found to be gone.
    """

    # rclpy gives the message's info to callbacks that can be called with two arguments only. The events executor of
    # rclpy 9.1.2 then calls them with one, a tuple of both.
    __signature__ = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in ("message", "info")]
    )

    def __init__(
        self,
        node: Node,
        topic: str,
        decode: Callable[[Any], Any],
        deliver: Callable[[Any], object],
        qos: QoSProfile,
        speakers: Speakers | None,
        report: Callable[[str], None],
        retry_soon: Callable[[], None],
    ) -> None:
        self.topic = topic
        self.refused, self.reason = 0, ""
        self.subscription: Any = None
        self._node, self._decode, self._deliver = node, decode, deliver
        self._report, self._retry_soon = report, retry_soon
        self._reported = float("-inf")
        self._held: dict[bytes, tuple[float, deque[Any]]] = {}
        self._depth = qos.depth
        self._latched = qos.durability == DurabilityPolicy.TRANSIENT_LOCAL
        self._admission: Admission | None = None
        if speakers is not None:
            expected = speakers.full_names(node.get_namespace())
            self._admission = Admission(expected, speakers.silence, self._publishers)

    def __call__(self, message: Any, info: Any = None) -> None:
        """Take a message from the executor."""
        if info is None and isinstance(message, tuple):
            message, info = message
        if self._admission is None:
            self._take(message)
            return
        gid = (info or {}).get("publisher_gid")
        if gid is None:
            self._take_unsigned(message)
        else:
            self._take_signed(message, gid["data"], time.monotonic())

    def _take_signed(self, message: Any, gid: bytes, now: float) -> None:
        assert self._admission is not None
        answer = self._admission.judge(gid, now)
        if answer is Answer.ADMITTED:
            _, earlier = self._held.pop(gid, (now, ()))
            for item in (*earlier, message):
                self._take(item)
        elif answer is Answer.UNKNOWN or (answer is Answer.SECOND and self._latched):
            if gid not in self._held:
                self._held[gid] = (now, deque(maxlen=self._depth))
                self._retry_soon()
            self._held[gid][1].append(message)
            if answer is Answer.SECOND:
                self._complain(f"held back: {self._stranger(gid, answer)}")
        else:
            self._refuse(self._stranger(gid, answer))

    def _take_unsigned(self, message: Any) -> None:
        """Where rclpy does not tell the publisher (before Kilted), only the number of publishers can be judged."""
        assert self._admission is not None
        crowd = self._admission.crowd(time.monotonic())
        if crowd:
            self._complain(f"taken, but {', '.join(crowd)} publishes here, too, and cannot be told apart")
        self._take(message)

    def retry(self, now: float) -> bool:
        """Judge those anew that wait; returns whether some still do."""
        for gid, (since, messages) in list(self._held.items()):
            assert self._admission is not None
            answer = self._admission.judge(gid, now)
            if answer is Answer.ADMITTED:
                del self._held[gid]
                self.reason = self.reason if self.refused else ""  # what was held back was not refused
                for message in messages:
                    self._take(message)
            elif answer is Answer.STRANGER or (answer is Answer.UNKNOWN and now - since > _HOLD_SECONDS):
                del self._held[gid]
                self._refuse(self._stranger(gid, answer), len(messages))
        return bool(self._held)

    def _take(self, message: Any) -> None:
        try:
            self._deliver(self._decode(message))
        except RosRlError as error:
            self._refuse(str(error))
        except Exception as error:
            if isinstance(error, rclpy_implementation.RCLError) and not rclpy.ok():
                raise  # the end came while the node was publishing
            self._node.get_logger().error(traceback.format_exc(), throttle_duration_sec=5.0)
            self._refuse(f"{type(error).__name__}: {one_line(error)}")

    def _refuse(self, reason: str, messages: int = 1) -> None:
        self.refused += messages
        self._complain(f"refused: {reason}")

    def _stranger(self, gid: bytes, answer: Answer) -> str:
        assert self._admission is not None
        name = self._admission.name(gid)
        if answer is Answer.SECOND:
            return f"it comes from a second {name}, the first is still there"
        return f"it comes from {name}, expected {' or '.join(self._admission.expected or ())}"

    def _complain(self, reason: str) -> None:
        self.reason = reason.removeprefix("refused: ")
        now = time.monotonic()
        if now - self._reported >= _REPORT_SECONDS:
            self._reported = now
            self._report(f"{self.topic} {reason}")

    def _publishers(self) -> list[tuple[bytes, str]]:
        topic = self._node.resolve_topic_name(self.topic)
        return [
            (bytes(item.endpoint_gid), f"{item.node_namespace.rstrip('/')}/{item.node_name}")
            for item in self._node.get_publishers_info_by_topic(topic)
        ]
