# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How each node of the graph is, for an operator who looks in."""

from __future__ import annotations

from collections.abc import Iterator

from rclpy.node import Node

from ros_rl.errors import NodeSilentError
from ros_rl.nodes.operator import FIND_SECONDS, Deadline, Graph, nobody, spin_until
from ros_rl.nodes.roll_call import CALL_SECONDS, RollCall
from ros_rl.runs.status import NodeStatus, status_screen
from ros_rl.settings.nodes import NODES


def status(node: Node, namespace: str | None) -> str:
    """A screen that says how each node is.

    Args:
        node: Of `ros_rl.nodes.operator.joined`.
        namespace: Of the nodes; None for all.

    Raises:
        NodeSilentError: There are none.
    """
    graph, roll = Graph(node), RollCall(node)

    def found() -> dict[str, NodeStatus]:
        return {one.path: one for one in _told(roll) if namespace in (None, one.namespace)}

    def silent() -> set[str]:
        expected = _discovered(graph) | roll.silent
        return {path for path in expected - roll.said.keys() if namespace in (None, _space(path))}

    limit = Deadline(FIND_SECONDS + CALL_SECONDS)
    spin_until(node, lambda: limit.over or (graph.quiet and bool(found()) and not silent()))
    if not found() and not silent():
        raise NodeSilentError(nobody("node" if namespace is None else f"node in namespace {namespace}"))
    return status_screen([*found().values(), *map(NodeStatus.silent, silent())])


def _told(roll: RollCall) -> Iterator[NodeStatus]:
    """What our nodes say."""
    for item in roll.said.values():
        one = NodeStatus.of(item.name, item.level, item.message, {pair.key: pair.value for pair in item.values})
        if one is not None:
            yield one


def _discovered(graph: Graph) -> set[str]:
    """Full names of our nodes."""
    names = graph.node.get_node_names_and_namespaces()
    return {f"{space.rstrip('/')}/{name}" for name, space in names if name in NODES}


def _space(path: str) -> str:
    return path.rpartition("/")[0] or "/"
