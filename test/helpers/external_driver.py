# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver of somebody else's, in a process of its own: it honours the contract, has PyBullet behind it, no guards.

``python external_driver.py TASK --ros-args -r __ns:=/t/external``; what it is told on ``fault`` it plays: ``tilt``,
``armed`` (arms and runs by itself).
"""

import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String

from ros_rl.backends import make_backend
from ros_rl.errors import RosRlError
from ros_rl.nodes import messages, packets
from ros_rl.nodes.qos import NEWEST, STATE
from ros_rl.nodes.running import create_timer, run
from ros_rl.nodes.safety_services import SafetyServices
from ros_rl.nodes.tick_publisher import TickPublisher
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.latch import Latch
from ros_rl.runtime.pacing import Limits, RealTime
from ros_rl.settings.loading import load_settings

NEVER = 1e9
SLOW = {"control.rate_hz": 5.0, "driver.backend": {"name": "pybullet", "physics_rate_hz": 200.0}}
NO_GUARDS = SimpleNamespace(reset=lambda: None, check=lambda *_, **__: None, doubts=False, lateness="")
FALLEN = np.array([np.sin(0.75), 0.0, 0.0, np.cos(0.75)])  # rolled by 1.5 rad


class ExternalDriver(Node):
    """Ticks by the clock; counts missed commands as a fault, as the contract says."""

    def __init__(self) -> None:
        super().__init__("bridge")
        settings = load_settings(sys.argv[1], overrides=[SLOW])
        robot, control = settings.load_robot(), settings.control
        backend = make_backend(settings, 0)
        backend.connect()
        self.robot, self.fault = robot, ""
        self.latch = Latch()
        self.loop = DriverLoop(robot, settings.task, backend, control.rate_hz, control.delay, latch=self.latch)
        self.loop._path.guards = NO_GUARDS
        self.pacer = RealTime(self.loop, control.period, False, Limits(12, 1.0, 0.0, NEVER))
        self.loop.attended = True  # it waits for nobody
        self.publisher = TickPublisher(self, robot, settings.task.inputs, simulated_time=False)
        self.create_subscription(JointState, "joint_command", self.on_command, NEWEST)
        self.create_subscription(Float64MultiArray, "verdict", self.on_verdict, STATE)
        self.create_subscription(String, "fault", self.on_fault, NEWEST)
        self.stops = SafetyServices(self, self.latch, self.loop.be_safe)
        self.publish(self.pacer.start(time.monotonic(), self.now()))
        create_timer(self, control.period, self.poll)

    def now(self) -> int:
        return self.get_clock().now().nanoseconds

    def on_command(self, message: JointState) -> None:
        try:
            self.pacer.command(messages.from_command(message, self.robot), time.monotonic())
        except RosRlError as error:
            self.get_logger().error(str(error))

    def on_verdict(self, message: Float64MultiArray) -> None:
        self.pacer.verdict(*packets.from_verdict(message), time.monotonic())

    def on_fault(self, message: String) -> None:
        self.fault = message.data
        if self.fault == "armed":
            self.latch.arm()
            self.latch.resume()

    def poll(self) -> None:
        self.publish(self.pacer.poll(time.monotonic(), self.now()))

    def publish(self, tick) -> None:
        if tick is not None and self.fault == "tilt":
            tick = replace(tick, measurement=type(tick.measurement)(tick.measurement, imu_orientation=FALLEN))
        if tick is not None:
            self.publisher.publish(tick)

    def close(self) -> None:
        self.stops.close()


if __name__ == "__main__":
    run(ExternalDriver)
