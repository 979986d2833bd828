# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How each node of the graph is, for an operator who looks in."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from ros_rl.errors import NodeSilentError
from ros_rl.nodes.operator import FIND_SECONDS, Deadline, Graph, nobody, spin_until
from ros_rl.nodes.qos import STATE
from ros_rl.runs.status import NodeStatus, status_screen
from ros_rl.settings.nodes import NODES

_NODES_SECONDS = 1.5  # each says how it is once a second


def status(node: Node, namespace: str | None) -> str:
    """A screen that says how each node is.

    Args:
        node: Of `ros_rl.nodes.operator.joined`.
        namespace: Of the nodes; None for all.

    Raises:
        NodeSilentError: There are none.
    """
    found: dict[str, NodeStatus] = {}
    graph = Graph(node)

    def hear(message: DiagnosticArray) -> None:
        for item in message.status:
            one = NodeStatus.of(item.name, item.level, item.message, {pair.key: pair.value for pair in item.values})
            if one is not None and namespace in (None, one.namespace):
                found[one.path] = one

    node.create_subscription(DiagnosticArray, "/diagnostics", hear, STATE)
    limit = Deadline(FIND_SECONDS + _NODES_SECONDS)
    spin_until(node, lambda: limit.over or bool(graph.quiet and found and _ours(graph, namespace) <= found.keys()))
    if not found:
        raise NodeSilentError(nobody("node" if namespace is None else f"node in namespace {namespace}"))
    silent = (NodeStatus.silent(path) for path in _ours(graph, namespace) - found.keys())
    return status_screen([*found.values(), *silent])


def _ours(graph: Graph, namespace: str | None) -> set[str]:
    """Full names of our nodes, in a namespace or in all."""
    names = graph.node.get_node_names_and_namespaces()
    return {f"{space.rstrip('/')}/{name}" for name, space in names if name in NODES and namespace in (None, space)}
