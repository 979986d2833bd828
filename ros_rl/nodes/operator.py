# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An operator's short visit to the graph: calls drivers' services and reads what the nodes say of themselves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from ros_rl.errors import NodeSilentError, RosRlError
from ros_rl.nodes.qos import STATE
from ros_rl.runs.discovery import RANGE
from ros_rl.runs.status import NodeStatus, status_screen
from ros_rl.settings.nodes import NODES

_TRIGGER = "std_srvs/srv/Trigger"
_SERVING = "driver_safety"  # the node of a driver's that has its services
_FIND_SECONDS = 4.0  # on a busy machine discovery takes its time
_OTHERS_SECONDS = 3.0  # after the last node was found, for others
_ANSWER_SECONDS = 3.0
_AGAIN_SECONDS = 0.5  # a request may pass a driver that has not discovered us yet
_NODES_SECONDS = 1.5  # each says how it is once a second

Answers = dict[str, tuple[bool, str] | None]
"""By namespace: whether it was done and what the driver says; None for no answer."""


@contextmanager
def joined(name: str = "", namespace: str = "") -> Iterator[Node]:
    """A node in the graph, for a short time.

    Args:
        name: Of the node; empty: an operator's.
        namespace: Of the node; empty: none.

    Raises:
        RosRlError: ROS cannot start.
    """
    try:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node(
            name or f"ros_rl_operator_{os.getpid()}",
            namespace=namespace or None,
            enable_rosout=False,
            start_parameter_services=False,
        )
    except rclpy_implementation.RCLError as error:
        raise RosRlError(f"ROS cannot start: {str(error).splitlines()[0]}") from None
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def call(node: Node, service: str, namespace: str | None, everywhere: bool) -> Answers:
    """Call a service of the drivers.

    Args:
        node: Of `joined`.
        service: Its name, in the driver's namespace.
        namespace: Of the driver; None for whichever there is.
        everywhere: Of all drivers, each as soon as it is found, rather than refuse if there are several.

    Raises:
        NodeSilentError: No driver was found, or the one that was meant does not answer.
        RosRlError: There are several, and only one may be meant.
    """
    calls: dict[str, Call] = {}
    meant: list[str] = []
    graph = _Graph(node)

    def done() -> bool:
        drivers = graph.namespaces(service) if everywhere else graph.drivers(service)
        meant[:] = [namespace] if namespace is not None else drivers
        for space in meant:
            if space not in calls:
                calls[space] = Call(node, f"{space.rstrip('/')}/{service}")
        ready = [calls[space] for space in meant if calls[space].ready]
        settled = bool(ready) and (namespace is not None or graph.quiet)
        if everywhere or (settled and len(ready) == 1):
            for one in ready:
                one.ask()
        return settled and (all(one.over for one in ready) or (len(ready) > 1 and not everywhere))

    vain = _Deadline(_FIND_SECONDS)
    limit = _Deadline(_FIND_SECONDS + _ANSWER_SECONDS)
    _spin_until(node, lambda: done() or limit.over or (vain.over and not any(one.ready for one in calls.values())))
    found = {space: calls[space].answer for space in meant if calls[space].ready}
    if not found:
        raise NodeSilentError(_nobody(f"driver in namespace {namespace}" if namespace is not None else "driver"))
    if len(found) > 1 and not everywhere:
        raise RosRlError(f"{len(found)} drivers run: {', '.join(sorted(found))}; choose one with --namespace")
    return found


def find_driver(node: Node, namespace: str | None) -> str:
    """The namespace of the driver that answers an operator.

    Args:
        node: Of `joined`.
        namespace: Of the driver; None for whichever there is.

    Raises:
        NodeSilentError: No driver was found.
        RosRlError: There are several.
    """
    graph, limit = _Graph(node), _Deadline(_FIND_SECONDS + _OTHERS_SECONDS)
    found: list[str] = []

    def done() -> bool:
        found[:] = [space for space in graph.drivers("emergency_stop") if namespace in (None, space)]
        return bool(found) and (namespace is not None or graph.quiet)

    _spin_until(node, lambda: done() or limit.over)
    if not found:
        raise NodeSilentError(_nobody(f"driver in namespace {namespace}" if namespace is not None else "driver"))
    if len(found) > 1:
        raise RosRlError(f"{len(found)} drivers run: {', '.join(sorted(found))}; choose one with --namespace")
    return found[0]


def status(node: Node, namespace: str | None) -> str:
    """A screen that says how each node is.

    Args:
        node: Of `joined`.
        namespace: Of the nodes; None for all.

    Raises:
        NodeSilentError: There are none.
    """
    found: dict[str, NodeStatus] = {}
    graph = _Graph(node)

    def hear(message: DiagnosticArray) -> None:
        for item in message.status:
            one = NodeStatus.of(item.name, item.level, item.message, {pair.key: pair.value for pair in item.values})
            if one is not None and namespace in (None, one.namespace):
                found[one.path] = one

    node.create_subscription(DiagnosticArray, "/diagnostics", hear, STATE)
    limit = _Deadline(_FIND_SECONDS + _NODES_SECONDS)
    _spin_until(node, lambda: limit.over or bool(graph.quiet and found and graph.nodes(namespace) <= found.keys()))
    if not found:
        raise NodeSilentError(_nobody("node" if namespace is None else f"node in namespace {namespace}"))
    silent = (NodeStatus.silent(path) for path in graph.nodes(namespace) - found.keys())
    return status_screen([*found.values(), *silent])


class Call:
    """One service, asked again until it answers.

    Args:
        node: Asks; somebody spins it.
        name: Of the service.
    """

    def __init__(self, node: Node, name: str) -> None:
        self._client: Any = node.create_client(Trigger, name)
        self._first: float | None = None
        self._last = 0.0
        self.answer: tuple[bool, str] | None = None
        """Whether it was done, and what the driver says; None before."""

    @property
    def ready(self) -> bool:
        """Whether it is there."""
        return self._first is not None or self._client.service_is_ready()

    @property
    def over(self) -> bool:
        """Whether it has answered, or does not."""
        late = self._first is not None and time.monotonic() - self._first > _ANSWER_SECONDS
        return late or self.answer is not None

    def ask(self) -> None:
        """Ask, unless it was asked just now; call it often."""
        now = time.monotonic()
        if self.over or now - self._last < _AGAIN_SECONDS:
            return
        self._first, self._last = self._first or now, now
        self._client.call_async(Trigger.Request()).add_done_callback(self._note)

    def _note(self, future: Any) -> None:
        answer = future.result()
        if answer is not None and self.answer is None:
            self.answer = (bool(answer.success), str(answer.message))


class _Graph:
    """Who is there, as far as discovery has come."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._names: list[Any] = []
        self._changed = time.monotonic()

    @property
    def quiet(self) -> bool:
        """Whether no node has come or gone for a while."""
        names = sorted(self._node.get_node_names_and_namespaces())
        if names != self._names:
            self._names, self._changed = names, time.monotonic()
        return time.monotonic() - self._changed > _OTHERS_SECONDS

    def nodes(self, namespace: str | None) -> set[str]:
        """Full names of our nodes, in a namespace or in all."""
        names = self._node.get_node_names_and_namespaces()
        return {f"{space.rstrip('/')}/{name}" for name, space in names if name in NODES and namespace in (None, space)}

    def namespaces(self, service: str) -> list[str]:
        """Where a service of this name and kind seems to be."""
        return [
            name.removesuffix(f"/{service}") or "/"
            for name, kinds in self._node.get_service_names_and_types()
            if name.endswith(f"/{service}") and _TRIGGER in kinds
        ]

    def drivers(self, service: str) -> list[str]:
        """The same without those that a guard stands before: it calls them itself."""
        found = self.namespaces(service)
        guarded = {name.removesuffix(f"/{service}") for space in found for name in self._called_from(space)}
        return [space for space in found if space not in guarded]

    def _called_from(self, space: str) -> list[str]:
        """The services that a driver in a namespace calls, which only a guard does."""
        try:
            return [name for name, _ in self._node.get_client_names_and_types_by_node(_SERVING, space)]
        except rclpy_implementation.RCLError:  # as yet or already unknown
            return []


class _Deadline:
    """Is over some time from now [s]."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        return time.monotonic() > self._end


def _spin_until(node: Node, done: Callable[[], bool]) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not done():
        executor.spin_once(timeout_sec=0.02)
    executor.remove_node(node)


def _nobody(what: str) -> str:
    domain = os.environ.get("ROS_DOMAIN_ID", "0")
    reach = os.environ.get(RANGE, "SUBNET")
    return f"no {what} found in ROS domain {domain} (ROS_DOMAIN_ID) within reach {reach} (--network looks further)"
