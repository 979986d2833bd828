# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An operator's short visit to the graph: calls drivers' services. A stop is in a hurry: this imports little."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from ros_rl.errors import NodeSilentError, RosRlError
from ros_rl.nodes.transport_noise import without_noise
from ros_rl.runs.discovery import RANGE

_TRIGGER = "std_srvs/srv/Trigger"
_SERVING = "driver_safety"  # the node of a driver's that has its services
FIND_SECONDS = 6.0  # on a busy machine discovery takes its time
_EARLY_SECONDS = 2.0
_OTHERS_SECONDS = 3.0  # after the last node was found, for others
_ANSWER_SECONDS = 3.0
_LONGEST_SECONDS = 15.0  # where nodes come and go all the time
_AGAIN_SECONDS = 0.5  # a request may pass a driver that has not discovered us yet

Answers = dict[str, tuple[bool, str] | None]
"""By namespace: whether it was done and what the driver says; None for no answer."""


class Listener(Protocol):
    """Is told how a call goes, as it goes."""

    def answered(self, namespace: str, success: bool, text: str) -> None:
        """A driver has answered."""

    def waits(self) -> None:
        """No driver was found for longer than usual."""


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
        with without_noise():
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


def call(
    node: Node, service: str, namespace: str | None, everywhere: bool, listener: Listener | None = None
) -> Answers:
    """Call a service of the drivers.

    Args:
        node: Of `joined`.
        service: Its name, in the driver's namespace.
        namespace: Of the driver; None for whichever there is.
        everywhere: Of all drivers, each as soon as it is found, rather than refuse if there are several.
        listener: Is told each answer as it comes; None for nobody.

    Raises:
        NodeSilentError: No driver was found.
        RosRlError: There are several, and only one may be meant.
    """
    calls: dict[str, Call] = {}
    meant: list[str] = []
    graph, teller = Graph(node), _Teller(listener) if listener is not None else None
    vain, limit = Deadline(FIND_SECONDS), Deadline(_LONGEST_SECONDS)

    def done() -> bool:
        if teller is not None:
            teller.look(calls)
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

    spin_until(node, lambda: done() or limit.over or (vain.over and not any(one.ready for one in calls.values())))
    found = {space: calls[space].answer for space in meant if calls[space].ready}
    if not found:
        raise NodeSilentError(nobody(f"driver in namespace {namespace}" if namespace is not None else "driver"))
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
    graph, limit = Graph(node), Deadline(FIND_SECONDS + _OTHERS_SECONDS)
    found: list[str] = []

    def done() -> bool:
        found[:] = [space for space in graph.drivers("emergency_stop") if namespace in (None, space)]
        return bool(found) and (namespace is not None or graph.quiet)

    spin_until(node, lambda: done() or limit.over)
    if not found:
        raise NodeSilentError(nobody(f"driver in namespace {namespace}" if namespace is not None else "driver"))
    if len(found) > 1:
        raise RosRlError(f"{len(found)} drivers run: {', '.join(sorted(found))}; choose one with --namespace")
    return found[0]


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


class _Teller:
    """Tells a listener each thing once."""

    def __init__(self, listener: Listener) -> None:
        self._listener, self._told = listener, set[str]()
        self._early, self._waits = Deadline(_EARLY_SECONDS), False

    def look(self, calls: Mapping[str, Call]) -> None:
        for space, one in calls.items():
            if one.answer is not None and space not in self._told:
                self._told.add(space)
                self._listener.answered(space, *one.answer)
        if self._early.over and not self._waits and not any(one.ready for one in calls.values()):
            self._waits = True
            self._listener.waits()


class Graph:
    """Who is there, as far as discovery has come."""

    def __init__(self, node: Node) -> None:
        self.node = node
        """Through which it is seen."""
        self._names: list[Any] = []
        self._changed = time.monotonic()

    @property
    def quiet(self) -> bool:
        """Whether no node has come or gone for a while."""
        names = sorted(self.node.get_node_names_and_namespaces())
        if names != self._names:
            self._names, self._changed = names, time.monotonic()
        return time.monotonic() - self._changed > _OTHERS_SECONDS

    def namespaces(self, service: str) -> list[str]:
        """Where a service of this name and kind seems to be."""
        return [
            name.removesuffix(f"/{service}") or "/"
            for name, kinds in self.node.get_service_names_and_types()
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
            return [name for name, _ in self.node.get_client_names_and_types_by_node(_SERVING, space)]
        except rclpy_implementation.RCLError:  # as yet or already unknown
            return []


class Deadline:
    """Is over some time from now [s]."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Whether it is."""
        return time.monotonic() > self._end


def spin_until(node: Node, done: Callable[[], bool]) -> None:
    """Let a node work until something is done."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not done():
        executor.spin_once(timeout_sec=0.02)
    executor.remove_node(node)


def nobody(what: str) -> str:
    """What to say where there is no such thing to be found."""
    domain = os.environ.get("ROS_DOMAIN_ID", "0")
    reach = os.environ.get(RANGE, "SUBNET")
    return f"no {what} found in ROS domain {domain} (ROS_DOMAIN_ID) within reach {reach} (--network looks further)"
