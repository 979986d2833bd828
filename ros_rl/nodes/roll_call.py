# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who of the graph says how it is, and who does not any more: a process that hangs cannot be discovered."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node

from ros_rl.errors import RosRlError
from ros_rl.nodes.operator import FIND_SECONDS, Deadline, Graph, spin_until
from ros_rl.nodes.qos import STATE
from ros_rl.runs.only_graph import graphs_here

HEARD = "nodes heard"
"""Figure of a supervisor: the nodes of its namespace that have come up or spoken since they were started."""
CALL_SECONDS = 2.0
"""Within which each node that does not hang is heard, once it is discovered: it says how it is once a second."""
_LEADER, _DRIVER, _STOP = "/supervisor", "/driver", "emergency_stop"


class RollCall:
    """Listens to ``/diagnostics``.

    Args:
        node: Listens; somebody spins it.
    """

    def __init__(self, node: Node) -> None:
        self.said: dict[str, DiagnosticStatus] = {}
        """The newest of each node, by its full name."""
        self._led: dict[str, set[str]] = {}
        self._here = graphs_here()
        node.create_subscription(DiagnosticArray, "/diagnostics", self._hear, STATE)

    @property
    def silent(self) -> set[str]:
        """Full names of the nodes that their supervisors have heard, and that say nothing here.

        Of a graph on this machine whose supervisor hangs itself nothing else is known: it, and the driver.
        """
        here = {space.rstrip("/") for space in self._here & graphs_here()}
        unled = {
            f"{space}{node}" for space in here if f"{space}{_LEADER}" not in self.said for node in (_LEADER, _DRIVER)
        }
        return unled.union(*self._led.values()) - self.said.keys()

    def _hear(self, message: DiagnosticArray) -> None:
        for item in message.status:
            path = item.name.partition(":")[0]
            self.said[path] = item
            if path.endswith(_LEADER):
                namespace = path.removesuffix(_LEADER)
                heard = next((pair.value for pair in item.values if pair.key == HEARD), "")
                self._led[path] = {f"{namespace}/{name}" for name in heard.split()}


def hanging_drivers(node: Node, namespace: str | None) -> list[str]:
    """Namespaces whose driver says nothing any more; listens for some time.

    Args:
        node: Of `ros_rl.nodes.operator.joined`, which has discovered who is there.
        namespace: The only one that counts; None for all.
    """
    return _hanging(node, RollCall(node), namespace)


def _leaders(node: Node) -> set[str]:
    """Full names of the supervisors that are discovered: whom they have heard, they say once a second."""
    there = (f"{space.rstrip('/')}/{name}" for name, space in node.get_node_names_and_namespaces())
    return {path for path in there if path.endswith(_LEADER)}


def _hanging(node: Node, roll: RollCall, namespace: str | None) -> list[str]:
    limit = Deadline(CALL_SECONDS)
    spin_until(node, lambda: limit.over)
    drivers = sorted(path for path in roll.silent if path.endswith(_DRIVER))
    spaces = [path.removesuffix(_DRIVER) or "/" for path in drivers]
    return [space for space in spaces if namespace in (None, space)]


def refuse_to_guess(node: Node) -> None:
    """Refuse to take the driver that is found for the one that is meant, where others hang; listens for some time.

    Args:
        node: Of `ros_rl.nodes.operator.joined`, which may not have discovered yet who is there.

    Raises:
        RosRlError: There are both.
    """
    graph, found, roll = Graph(node), Deadline(FIND_SECONDS), RollCall(node)
    spin_until(
        node, lambda: found.over or (graph.quiet and bool(graph.drivers(_STOP)) and _leaders(node) <= roll.said.keys())
    )
    hanging = _hanging(node, roll, None)
    others = [space for space in graph.drivers(_STOP) if space not in hanging]
    if hanging and others:
        raise RosRlError(
            f"{len(hanging) + len(others)} drivers run: {', '.join(sorted([*hanging, *others]))}, and of these "
            f"{', '.join(hanging)} hangs; choose one with --namespace"
        )
