# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Somebody in the run's namespace who publishes what nobody should; also under the name of a node of the run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import rclpy
from numpy.typing import ArrayLike
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, MultiArrayDimension, MultiArrayLayout, String, UInt8MultiArray

from fault_campaign.scene import NAMESPACE, Scene
from ros_rl.nodes.messages import to_time
from ros_rl.nodes.packets import to_blocks, to_vectors
from ros_rl.nodes.qos import EXPERIENCE, HISTORY, LATCHED, NEWEST, STATE
from ros_rl.wire import Header

SIGNATURE = 0.73125
"""A velocity [rad/s] that no controller commands."""
_DISCOVERY_SECONDS = 10.0
JOINTS = ["axis_1_joint", "axis_2_joint"]
QOS: dict[str, tuple[Any, QoSProfile]] = {
    "verdict": (Float64MultiArray, STATE),
    "tick": (Float64MultiArray, STATE),
    "transitions": (Float64MultiArray, EXPERIENCE),
    "progress": (Float64MultiArray, LATCHED),
    "step_allowance": (Float64MultiArray, LATCHED),
    "evaluation": (String, HISTORY),
    "evaluation_request": (UInt8MultiArray, HISTORY),
    "control_graph": (UInt8MultiArray, LATCHED),
    "joint_command": (JointState, NEWEST),
    "joint_states": (JointState, STATE),
    "applied_command": (JointState, STATE),
}


class Stranger:
    """Publishes; use it as a context.

    Args:
        scene: Whose run it disturbs.
        name: Of its node.
    """

    def __init__(self, scene: Scene, name: str = "stranger") -> None:
        self._scene = scene
        self.node = rclpy.create_node(name, namespace=NAMESPACE)
        self._publishers: dict[str, Any] = {}

    def __enter__(self) -> Stranger:
        return self

    def __exit__(self, *_: object) -> None:
        self.node.destroy_node()

    def say(self, topic: str, message: Any) -> None:
        """Publish, after those who listen have been found."""
        if topic not in self._publishers:
            kind, qos = QOS[topic]
            publisher = self._publishers[topic] = self.node.create_publisher(kind, topic, qos)
            end = time.monotonic() + _DISCOVERY_SECONDS
            while not publisher.get_subscription_count() and time.monotonic() < end:
                time.sleep(0.02)
            time.sleep(0.3)  # for others that listen
        self._publishers[topic].publish(message)

    def vectors(self, topic: str, fields: Mapping[str, ArrayLike], header: Header | None = None) -> None:
        """Publish named vectors."""
        self.say(topic, to_vectors(header or Header(time.time_ns()), fields))

    def raw(self, topic: str, data: list[float], labels: list[tuple[str, int]]) -> None:
        """Publish numbers under labels that need not fit."""
        layout = MultiArrayLayout(dim=[MultiArrayDimension(label=name, size=size) for name, size in labels])
        self.say(topic, Float64MultiArray(layout=layout, data=data))

    def blocks(self, topic: str, fields: Mapping[str, bytes], version: int = 10**6) -> None:
        """Publish named bytes."""
        self.say(topic, to_blocks(Header(time.time_ns(), 1, version), fields))

    def command(self, stamp: int, velocity: list[float], names: list[str] | None = None) -> None:
        """Publish a command for the tick of that stamp [ns]."""
        self.say("joint_command", joint_state(stamp, velocity, names))


def joint_state(stamp: int, velocity: list[float], names: list[str] | None = None) -> JointState:
    """Velocities of the joints, as a command or as measured."""
    message = JointState(name=JOINTS if names is None else names, velocity=velocity)
    message.header.stamp = to_time(stamp)
    return message


def transition_fields(**changes: ArrayLike) -> dict[str, ArrayLike]:
    """A transition of `mock_point` with one period of delay, as far as it is not changed."""
    observation = [0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    fields: dict[str, ArrayLike] = {
        "tick": 10**6,
        "episode": 10**4,
        "observation": observation,
        "action": [0.1, 0.1],
        "reward": 0.0,
        "next_observation": observation,
        "terminated": 0.0,
        "truncated": 0.0,
        "source.mock": (),
    }
    return fields | changes


def tick_fields(**changes: ArrayLike) -> dict[str, ArrayLike]:
    """A tick of the mock robot, as far as it is not changed."""
    fields: dict[str, ArrayLike] = {
        "index": 5,
        "episode": 0,
        "step": 5,
        "env_steps": 5,
        "safety": 0,
        "intact": 1,
        "response": 0.01,
        "parts": [1.0],
        "origin": [0.0, 0.0, 0.0],
        "previous_command": [0.0, 0.0],
        "pending_commands": [0.0, 0.0],
    }
    return fields | changes
