# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What becomes of a robot that was armed: a link that is dead shows only when the driver looks."""

from __future__ import annotations

from rclpy.node import Node
from std_msgs.msg import String

from ros_rl.nodes.operator import Deadline, spin_until
from ros_rl.nodes.qos import LATCHED
from ros_rl.types import SafetyState

_SECONDS = 1.0  # two control periods of the slowest robot, a Sphero


def fault_after_arming(node: Node, namespace: str) -> str:
    """Why the driver latched a fault right after it was armed; empty if it did not.

    Args:
        node: Of `ros_rl.nodes.operator.joined`.
        namespace: Of the driver.
    """
    state, limit = [""], Deadline(_SECONDS)

    def hear(message: String) -> None:
        state[0] = str(message.data)

    heard = node.create_subscription(String, f"{namespace.rstrip('/')}/safety_state", hear, LATCHED)
    faulty = f"{SafetyState.FAULT.name} "
    spin_until(node, lambda: limit.over or state[0].startswith(faulty))
    node.destroy_subscription(heard)
    return state[0].removeprefix(faulty) if state[0].startswith(faulty) else ""
