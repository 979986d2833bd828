# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a task is asked for, as others publish it and as displays see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rclpy.node import Node

from ros_rl.nodes.diagnostics import Input
from ros_rl.nodes.gate import Entrance, Gate
from ros_rl.nodes.messages import fill_lists, message_class, to_time
from ros_rl.nodes.qos import NEWEST
from ros_rl.robot import Robot
from ros_rl.sensors.inputs import INPUTS, by_topic, check_input, shown_together
from ros_rl.sensors.task_input import frame_id
from ros_rl.types import Array


class InputReader:
    """Listens to what others ask of the task.

    Args:
        gate: Of the node; subscribes to what anybody may publish, and counts what is refused.
        robot: The robot.
        names: Of the task's inputs.
        give: Called with name and value of each; raises CommandError for what it does not take.
    """

    def __init__(
        self,
        gate: Gate,
        robot: Robot,
        names: Sequence[str],
        give: Callable[[str, Array], None],
    ) -> None:
        self._robot, self._names, self._give = robot, tuple(names), give
        topics = by_topic(names)
        self._arrivals = {topic: Input() for topic, _ in topics}
        self._entrances = [self._subscribe(gate, *listened, members) for listened, members in topics.items()]

    def _subscribe(self, gate: Gate, topic: str, message: str, members: Sequence[str]) -> Entrance:
        def read(content: Any) -> dict[str, Array]:
            """All that the message asks for, or nothing of it."""
            self._arrivals[topic].touch()
            values = {name: INPUTS[name].read(content, self._robot) for name in members}
            for name, value in values.items():
                check_input(name, value, self._names, self._robot)
            return values

        def deliver(values: dict[str, Array]) -> None:
            for name, value in values.items():
                self._give(name, value)

        return gate.subscribe(message_class(message), topic, read, deliver, NEWEST, anybody=True)

    @property
    def refused(self) -> int:
        """Messages that were refused."""
        return sum(entrance.refused for entrance in self._entrances)

    def describe(self) -> dict[str, Any]:
        """For diagnostics."""
        values: dict[str, Any] = {"inputs refused": self.refused} if self._arrivals else {}
        for topic, arrivals in self._arrivals.items():
            values |= arrivals.describe(topic)
        return values


class InputDisplay:
    """Publishes the inputs that act as ``task/<name>``, stamped, each in its frame.

    Inputs of one topic, such as position and orientation of a goal, are one message, named as the first of them.

    Args:
        node: Publishes.
        names: Of the task's inputs.
        robot: The robot.
    """

    def __init__(self, node: Node, names: Sequence[str], robot: Robot) -> None:
        self._robot = robot
        self._shown = [
            (node.create_publisher(message_class(kind), f"task/{group[0]}", NEWEST), kind, group)
            for kind, group in shown_together(names)
        ]

    def publish(self, stamp: int, inputs: Mapping[str, Array]) -> None:
        """Show what acts from a tick on.

        Args:
            stamp: Of the tick [ns].
            inputs: By name.
        """
        for publisher, kind, group in self._shown:
            asked = [name for name in group if name in inputs]
            if not asked:
                continue
            message = message_class(kind)()
            if hasattr(message, "header"):
                frame = frame_id(INPUTS[asked[0]].frame, self._robot)
                message.header.stamp, message.header.frame_id = to_time(stamp), frame
            for name in asked:
                fill_lists(message, INPUTS[name].lists)
                INPUTS[name].prepare(message, self._robot)
                INPUTS[name].show(message, inputs[name])
            publisher.publish(message)
