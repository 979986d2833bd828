# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's side of the tick contract: one stamp on every topic, the tick itself last."""

from __future__ import annotations

import math
import time

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Float64MultiArray

from ros_rl.nodes import messages
from ros_rl.nodes.qos import NEWEST, STATE
from ros_rl.nodes.sensor_messages import IMU, ODOM, tick_parts, to_imu, to_joint_states, to_odometry, to_position
from ros_rl.nodes.tick_messages import to_tick
from ros_rl.nodes.transforms import TransformPublisher
from ros_rl.robot import Robot
from ros_rl.types import SafetyState, Tick


class TickPublisher:
    """Publishes ticks.

    Args:
        node: Publishes.
        robot: Whose ticks they are.
        simulated_time: Whether stamps are a simulation's time, to be published on ``clock``.
    """

    def __init__(self, node: Node, robot: Robot, simulated_time: bool) -> None:
        self._robot = robot
        self._session = time.time_ns() // 1_000_000
        self.last: Tick | None = None
        """The newest that was published."""
        self._published = 0.0
        self._response = self._response_before = math.nan
        self._joint_states = node.create_publisher(JointState, "joint_states", STATE)
        self._applied = node.create_publisher(JointState, "applied_command", STATE)
        self._imu = node.create_publisher(Imu, "imu/data", STATE)
        self._odom = node.create_publisher(Odometry, "odom", STATE)
        self._tool = node.create_publisher(PoseStamped, "tool_pose", STATE)
        self._goal = node.create_publisher(PoseStamped, "goal_pose", NEWEST)
        self._tick = node.create_publisher(Float64MultiArray, "tick", STATE)
        self._clock = node.create_publisher(Clock, "clock", NEWEST) if simulated_time else None
        self._transforms = TransformPublisher(node)

    def publish(self, tick: Tick) -> None:
        """Publish a tick, or repeat it."""
        m, stamp, frame = tick.measurement, tick.stamp, self._robot.base_frame
        parts = tick_parts(m)
        if self.last is None or self.last.stamp != stamp:
            self._published = time.perf_counter()
            self._response_before, self._response = self._response, math.nan
            self._publish_for_displays(tick)
        last, self.last = self.last, tick
        self._joint_states.publish(to_joint_states(stamp, self._robot, m))
        if parts[IMU]:
            self._imu.publish(to_imu(stamp, frame, m))
        if parts[ODOM]:
            self._odom.publish(to_odometry(stamp, frame, m))
        if m.tool_position is not None:
            self._tool.publish(to_position(stamp, frame, m.tool_position))
        self._tick.publish(to_tick(tick, self._session, self._response_before))
        if last is not None and last.stamp != stamp and tick.step > 0 and last.safety is SafetyState.OK:
            # of the period that ended; nobody waits for it as the controller does for the tick
            self._applied.publish(messages.to_command(last.stamp, self._robot, tick.previous_command))

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
        frame = self._robot.base_frame
        if self._clock is not None:
            self._clock.publish(Clock(clock=messages.to_time(tick.stamp)))
        if tick.goal is not None and tick.goal.shape == (3,):
            self._goal.publish(to_position(tick.stamp, frame, tick.goal))
        self._transforms.publish(tick, frame)
