# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Nodes under test in this process, and a node that plays everybody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, UInt8MultiArray
from std_srvs.srv import Trigger

from ros_rl.config import to_mapping
from ros_rl.formats.parameters_file import write_parameters_file
from ros_rl.nodes import packets
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.qos import EXPERIENCE, LATCHED, NEWEST, STATE
from ros_rl.nodes.running import make_executor, spin
from ros_rl.nodes.tick_join import TickJoin
from ros_rl.settings.tree import Settings
from ros_rl.types import Tick
from ros_rl.wire import Header

NAMESPACE = "t"
PATIENCE = 60.0  # s; a busy machine is no failure
_REPEAT = 2.0  # s; between two allowances of a learner that has nothing new to say


def wait_for(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until `condition` gives something true, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"waited {seconds:g} s in vain for {what}")


class Peer:
    """Publishes and hears what a test needs; plays those nodes that are not under test, as nobody else is listened to.

    Like a real learner it repeats its allowance, so that a driver does not take a slow test for a silent learner.

    Args:
        settings: Of the nodes.
        real: Names of the nodes under test.
    """

    def __init__(self, settings: Settings, real: Collection[str]) -> None:
        self._real, self._played = real, {}
        self._allowed: int | None = None
        self.node = rclpy.create_node("peer", namespace=NAMESPACE, use_global_arguments=False)
        self.node.create_timer(_REPEAT, self._repeat_allowance)
        self.robot = settings.load_robot()
        self.ticks: list[Tick] = []
        self.refusals: list[str] = []
        self.transitions: list[tuple[Header, dict]] = []
        self.commands: list[JointState] = []
        self.applied: list[JointState] = []
        self.telemetry: list[tuple[Header, dict]] = []
        self.verdicts: list[tuple[int, Any]] = []
        self.diagnostics: dict[str, tuple[int, str, dict[str, str]]] = {}
        self.gate = Gate(self.node, None, self.refusals.append)
        self.graph = self.play("learner").create_publisher(UInt8MultiArray, "control_graph", LATCHED)
        self.allowance = self.play("learner").create_publisher(Float64MultiArray, "step_allowance", LATCHED)
        self.command = self.play("controller").create_publisher(JointState, "joint_command", NEWEST)
        self.verdict = self.play("collector").create_publisher(Float64MultiArray, "verdict", STATE)
        self.join = TickJoin(self.gate, self.robot, self.ticks.append)
        hear = self.gate.subscribe
        hear(Float64MultiArray, "transitions", vectors, self.transitions.append, EXPERIENCE)
        hear(Float64MultiArray, "telemetry", vectors, self.telemetry.append, NEWEST)
        hear(Float64MultiArray, "verdict", packets.from_verdict, self.verdicts.append, STATE)
        hear(JointState, "joint_command", lambda message: message, self.commands.append, NEWEST)
        hear(JointState, "applied_command", lambda message: message, self.applied.append, STATE)
        hear(DiagnosticArray, "/diagnostics", lambda message: message, self._on_diagnostics, STATE)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            name = status.name.partition(":")[0].rpartition("/")[2]
            self.diagnostics[name] = (status.level, status.message, {item.key: item.value for item in status.values})

    def play(self, name: str) -> Any:
        """A node of this name, to publish from; the peer itself if the real one is there."""
        if name in self._real:
            return self.node
        if name not in self._played:
            self._played[name] = rclpy.create_node(name, namespace=NAMESPACE, use_global_arguments=False)
        return self._played[name]

    def destroy(self) -> None:
        for node in (self.node, *self._played.values()):
            node.destroy_node()

    def allow(self, steps: int) -> None:
        self._allowed = steps
        self.allowance.publish(packets.to_allowance(steps, 0))

    def _repeat_allowance(self) -> None:
        if self._allowed is not None:
            self.allow(self._allowed)

    def give_graph(self, model: bytes, version: int = 0) -> None:
        self.graph.publish(packets.to_blocks(Header(0, 0, version), {"model": model}))

    def call(self, service: str) -> Any:
        client = self.node.create_client(Trigger, service)
        assert client.wait_for_service(timeout_sec=PATIENCE), f"no service {service}"
        answers: list[Any] = []
        client.call_async(Trigger.Request()).add_done_callback(lambda future: answers.append(future.result()))
        return wait_for(lambda: answers, f"an answer of {service}")[0]

    def complaint(self, node: str, text: str) -> str:
        """Wait until a node's diagnostics say something that holds `text`."""
        return wait_for(lambda: text in self.diagnostics.get(node, (0, "", {}))[1] and self.diagnostics[node][1], text)

    def refusal(self, node: str, topic: str, text: str) -> str:
        """Wait until a node's diagnostics say that it refused something on a topic, for a reason that holds `text`."""

        def told() -> str:
            reason = self.diagnostics.get(node, (0, "", {}))[2].get(f"refused {topic}", "")
            return reason if text in reason else ""

        return wait_for(told, f"{node} to refuse {topic}: {text}")

    def figure(self, node: str, name: str) -> float:
        return float(self.diagnostics[node][2][name])


def vectors(message: Float64MultiArray) -> tuple[Header, dict]:
    return packets.from_vectors(message)


def same(first: Any, second: Any) -> bool:
    """Whether two messages hold the same; what serialising puts between their fields need not be."""
    return type(first) is type(second) and bool(first == second)


@contextmanager
def graph(settings: Settings, folder: Path, *kinds: Callable[[], Any]) -> Iterator[tuple[Any, ...]]:
    """Nodes of these kinds, spinning beside a `Peer`; yields the peer and the nodes.

    Lifecycle nodes come configured; a test activates them.
    """
    params = folder / "params.yaml"
    write_parameters_file(params, to_mapping(settings), nodes=())
    arguments = ["--ros-args", "--params-file", str(params), "-r", f"__ns:=/{NAMESPACE}"]
    rclpy.init(args=[*arguments, "-p", f"run.folder:={folder}"])
    nodes = [kind() for kind in kinds]
    peer = Peer(settings, [node.get_name() for node in nodes])
    executor = make_executor()
    for node in (peer.node, *nodes):
        executor.add_node(node)
    for node in nodes:
        if hasattr(node, "trigger_configure"):
            node.trigger_configure()
    thread = threading.Thread(target=spin, args=(executor,), daemon=True)
    thread.start()
    try:
        yield (peer, *nodes)
    finally:
        rclpy.try_shutdown()
        thread.join(timeout=10)
        for node in nodes:
            getattr(node, "close", lambda: None)()
        for node in nodes:
            node.destroy_node()
        peer.destroy()


def activate(node: Any) -> None:
    """Activate, as soon as the node accepts it."""

    def tried() -> bool:
        return str(node.trigger_activate()).endswith("SUCCESS")

    wait_for(tried, f"{node.get_name()} to become active")
