# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver of one's own, in real time: two joints commanded by velocity, and one period of action delay."""

import time
from collections import deque
from pathlib import Path

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from two_joints import TwoJoints

from ros_rl.errors import RosRlError
from ros_rl.nodes import messages, packets
from ros_rl.nodes.qos import NEWEST, STATE
from ros_rl.nodes.running import create_timer, run
from ros_rl.nodes.safety_services import SafetyServices
from ros_rl.nodes.tick_publisher import TickPublisher
from ros_rl.robot import load_robot
from ros_rl.runtime.latch import FILE, Event, Latch
from ros_rl.safety import CommandFilter
from ros_rl.types import SafetyState, Tick, Verdict

PERIOD, HOLDS, MISSES, LOST_TIME = 0.05, 0.1, 2, 0.5
REST = np.zeros(2)


class OwnDriver(Node):
    """Opens a tick every period; what acts, the latch says."""

    def __init__(self):
        super().__init__("driver")
        folder = self.declare_parameter("run.folder", "").value
        self.robot, self.joints = load_robot("mock"), TwoJoints()
        self.latch, self.filter = Latch(Path(folder) / FILE if folder else None), CommandFilter(self.robot, PERIOD)
        self.opened, self.answer, self.verdict, self.missed = time.monotonic(), None, Verdict.CONTINUE, 0
        self.tick = Tick(0, -1, -1, -1, self.latch.state, False, np.zeros(3), REST, REST[None], self.joints.read())
        self.line = deque([REST])
        self.publisher = TickPublisher(self, self.robot, inputs=(), simulated_time=False)
        self.create_subscription(JointState, "joint_command", self.on_command, NEWEST)
        self.create_subscription(Float64MultiArray, "verdict", self.on_verdict, STATE)
        self.stops = SafetyServices(self, self.latch, self.joints.stop)
        create_timer(self, PERIOD, self.advance)

    def on_command(self, message):
        try:
            command = messages.from_command(message, self.robot)
            if command.stamp == self.tick.stamp and self.answer is None:
                self.answer = self.filter(command.value).value
        except RosRlError as error:
            self.get_logger().error(f"command refused: {error}", throttle_duration_sec=1.0)

    def on_verdict(self, message):
        stamp, verdict = packets.from_verdict(message)
        self.verdict = verdict if stamp <= self.tick.stamp and verdict else self.verdict

    def advance(self):
        """The period that the open tick began ends, and the next tick opens."""
        last, answered, latch = self.tick, self.answer is not None, self.latch
        acted, elapsed, self.opened = (
            last.safety is SafetyState.RUNNING,
            time.monotonic() - self.opened,
            time.monotonic(),
        )
        self.missed = self.missed + 1 if acted and not answered else 0
        acting = REST
        if acted:
            self.line.append(self.answer if answered else self.filter(REST).value)
            acting = self.line.popleft()
        if self.missed >= MISSES or (acted and elapsed > LOST_TIME):
            latch.trip(f"controller missed {self.missed} commands in a row, the last period took {elapsed:.2f} s")
        if acted and self.verdict:  # the episode is over: stop, and go home if there is a home to go to
            latch.fire(Event.HOME)
        latch.fire(Event.HOMED)
        begins = latch.goes_on and latch.fire(Event.RUN)
        if not latch.armed or begins:
            self.line = deque([REST])
            self.filter.reset(REST)
        running = latch.state is SafetyState.RUNNING
        self.answer, self.verdict = None, Verdict.CONTINUE
        self.send(self.line[0])  # what was decided one tick ago acts now
        self.tick = Tick(
            stamp=max(self.get_clock().now().nanoseconds, last.stamp + 1),
            index=last.index + 1,
            episode=last.episode + begins,
            step=0 if begins else last.step + 1,
            safety=latch.state,
            intact=running and (begins or (acted and answered and elapsed < 1.5 * PERIOD)),
            origin=np.zeros(3),
            previous_command=REST if begins else acting,
            pending_commands=np.array(self.line),
            measurement=self.joints.read(),
            env_steps=last.env_steps + acted,
        )
        self.publisher.publish(self.tick)

    def send(self, target):
        if self.latch.state is SafetyState.RUNNING:
            self.joints.write(target, time.monotonic() + HOLDS)
        if not self.latch.armed:  # a stop wins, also one that came in between
            self.joints.stop()

    def close(self):
        self.joints.stop()
        self.stops.close()


if __name__ == "__main__":
    run(OwnDriver)
