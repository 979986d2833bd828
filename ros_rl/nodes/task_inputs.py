# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a task is asked for, as others publish it and as displays see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from rclpy.node import Node

from ros_rl.nodes.diagnostics import Input
from ros_rl.nodes.gate import Entrance, Gate
from ros_rl.nodes.messages import message_class, to_time
from ros_rl.nodes.qos import NEWEST
from ros_rl.robot import Robot
from ros_rl.sensors.inputs import INPUTS, TaskInput
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
        self._robot, self._give = robot, give
        self._arrivals = {name: Input() for name in names}
        self._entrances = [self._subscribe(gate, name, INPUTS[name]) for name in names]

    def _subscribe(self, gate: Gate, name: str, item: TaskInput) -> Entrance:
        def read(message: Any) -> Array:
            self._arrivals[name].touch()
            return item.read(message, self._robot)

        return gate.subscribe(
            message_class(item.message), item.topic, read, partial(self._give, name), NEWEST, anybody=True
        )

    @property
    def refused(self) -> int:
        """Messages that were refused."""
        return sum(entrance.refused for entrance in self._entrances)

    def describe(self) -> dict[str, Any]:
        """For diagnostics."""
        values: dict[str, Any] = {"inputs refused": self.refused} if self._arrivals else {}
        for name, arrivals in self._arrivals.items():
            values |= arrivals.describe(INPUTS[name].topic)
        return values


class InputDisplay:
    """Publishes the inputs that act as ``task/<name>``, stamped, in the robot's base frame.

    Args:
        node: Publishes.
        names: Of the task's inputs.
        frame: The robot's base frame.
    """

    def __init__(self, node: Node, names: Sequence[str], frame: str) -> None:
        self._frame = frame
        self._publishers = {
            name: node.create_publisher(message_class(INPUTS[name].shown_as), f"task/{name}", NEWEST) for name in names
        }

    def publish(self, stamp: int, inputs: Mapping[str, Array]) -> None:
        """Show what acts from a tick on.

        Args:
            stamp: Of the tick [ns].
            inputs: By name.
        """
        for name, publisher in self._publishers.items():
            if name not in inputs:
                continue
            item = INPUTS[name]
            message = message_class(item.shown_as)()
            message.header.stamp, message.header.frame_id = to_time(stamp), self._frame
            item.show(message, inputs[name])
            publisher.publish(message)
