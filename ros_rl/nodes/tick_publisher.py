# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's side of the tick contract: one stamp on every topic, the tick itself last."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence

from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from ros_rl.nodes import messages
from ros_rl.nodes.camera_info import CameraInfos
from ros_rl.nodes.qos import NEWEST, STATE
from ros_rl.nodes.sensor_messages import camera_topics, sensor_topics
from ros_rl.nodes.task_inputs import InputDisplay
from ros_rl.nodes.tick_messages import to_tick
from ros_rl.nodes.transforms import TransformPublisher
from ros_rl.robot import Robot
from ros_rl.types import SafetyState, Tick


class TickPublisher:
    """Publishes ticks.

    Args:
        node: Publishes.
        robot: Whose ticks they are.
        inputs: Names of the task's inputs.
        simulated_time: Whether stamps are a simulation's time, to be published on ``clock``.
        noise: Standard deviations of the sensors' noise by the names of their settings, as far as they are known.
    """

    def __init__(
        self,
        node: Node,
        robot: Robot,
        inputs: Sequence[str],
        simulated_time: bool,
        noise: Mapping[str, float] | None = None,
    ) -> None:
        self._robot = robot
        self.session = time.time_ns() // 1_000_000
        """Number of the start of whoever makes the ticks."""
        self.last: Tick | None = None
        """The newest that was published."""
        self._published = 0.0
        self._response = self._response_before = math.nan
        self._sensors = [
            (topic, node.create_publisher(topic.kind, topic.name, STATE)) for topic in sensor_topics(robot, noise)
        ]
        self._pictures = [
            (name, topic, node.create_publisher(topic.kind, topic.name, STATE))
            for name, topic in camera_topics(robot).items()
        ]
        self._infos = CameraInfos(node, robot)
        self._applied = node.create_publisher(JointState, "applied_command", STATE)
        self._inputs = InputDisplay(node, inputs, robot)
        self._tick = node.create_publisher(Float64MultiArray, "tick", STATE)
        self._clock = node.create_publisher(Clock, "clock", NEWEST) if simulated_time else None
        self._transforms = TransformPublisher(node, robot)

    def begin_session(self, session: int | None = None) -> None:
        """Whoever makes the ticks counts them and the steps anew from here on.

        Args:
            session: Its number; None for one of this moment.
        """
        self.session = time.time_ns() // 1_000_000 if session is None else session
        self.last = None

    def publish(self, tick: Tick) -> None:
        """Publish a tick, or repeat it."""
        stamp = tick.stamp
        if self.last is None or self.last.stamp != stamp:
            self._published = time.perf_counter()
            self._response_before, self._response = self._response, math.nan
            self._publish_for_displays(tick)
        last, self.last = self.last, tick
        parts = []
        for topic, publisher in self._sensors:
            message = topic.to_message(stamp, tick.measurement)
            parts.append(message is not None)
            if message is not None:
                publisher.publish(message)
        pictures = self._publish_pictures(tick)
        self._tick.publish(to_tick(tick, parts, self.session, self._response_before, pictures))
        if last is not None and last.stamp != stamp and tick.step > 0 and last.safety is SafetyState.RUNNING:
            # of the period that ended; nobody waits for it as the controller does for the tick
            self._applied.publish(messages.to_command(last.stamp, self._robot, tick.previous_command))

    def _publish_pictures(self, tick: Tick) -> list[str]:
        """Those that there are, by name."""
        found = []
        for name, topic, publisher in self._pictures:
            message = topic.to_message(tick.stamp, tick.measurement)
            if message is not None:
                publisher.publish(message)
                found.append(name)
        return found

    def answered(self, arrived: float) -> float:
        """Take note that a command answered the newest tick.

        Args:
            arrived: When it came, by `time.perf_counter` [s].

        Returns:
            How long after the tick that was [s].
        """
        self._response = arrived - self._published
        return self._response

    def _publish_for_displays(self, tick: Tick) -> None:
        """What is not needed to rebuild the tick and goes out without repetitions."""
        if self._clock is not None:
            self._clock.publish(Clock(clock=messages.to_time(tick.stamp)))
        self._infos.publish(tick.stamp)
        self._inputs.publish(tick.stamp, tick.inputs)
        self._transforms.publish(tick)
