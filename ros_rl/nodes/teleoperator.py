# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The teleoperator: answers ticks with what a person wants, in the controller's place, and asks the task for it."""

from __future__ import annotations

import sys
import time
from typing import Any

from geometry_msgs.msg import Twist
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from ros_rl.nodes import messages
from ros_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Input
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.qos import LATCHED, NEWEST
from ros_rl.nodes.running import create_timer, run
from ros_rl.nodes.tick_join import TickJoin
from ros_rl.nodes.wishes import subscribe_wishes
from ros_rl.settings.teleop import CORRECTS, JOYSTICK, SERVICES
from ros_rl.teleop.teleoperator import Teleoperator
from ros_rl.teleop.wish import Wish
from ros_rl.types import Tick

_VELOCITY = "velocity_command"
_ASK_SECONDS = 0.1
_WAITS = {
    JOYSTICK: "nothing is heard on joy: start a joystick's node in this namespace",
    "keyboard": "nothing is heard of a keyboard: start ros-rl teleop in a terminal",
}


class TeleoperatorNode(Node):
    """Drives by a keyboard's wishes on ``teleop`` or by a joystick on ``joy``."""

    def __init__(self) -> None:
        super().__init__("teleoperator", **NODE_OPTIONS)
        settings = declare_parameters(self).settings
        teleop, driver = settings.teleop, settings.driver
        self._robot, self._device, self._acts = settings.load_robot(), teleop.device, settings.person_acts
        self._corrects = settings.person_corrects
        drives = self._acts or self._corrects
        commands = settings.control.command_map(self._robot) if drives else None
        self._loop = Teleoperator(self._robot, teleop, settings.control.period, driver.dead_man_limit, commands)
        self._fastest = settings.steering
        self._problem, self._told = "", ""
        self._wishes, self._ticks = Input(), Input()
        self._heard = False
        self._diagnostics = Diagnostics(self)
        self._calls: dict[str, Any] = {name: self.create_client(Trigger, name) for name in SERVICES}
        self._state = self.create_publisher(String, "teleop_state", LATCHED)
        gate = self._gate = Gate(self, settings, self._report)
        subscribe_wishes(gate, settings, self._take)
        self._join: TickJoin | None = None
        if self._acts:
            self._command = self.create_publisher(JointState, "joint_command", NEWEST)
            self._join = TickJoin(gate, self._robot, self._on_tick, qos=NEWEST, cameras=())
        if _VELOCITY in settings.task.inputs:
            self._velocity = self.create_publisher(Twist, "cmd_vel", NEWEST)
            create_timer(self, _ASK_SECONDS, self._ask_for_velocity)
        self._tell()
        create_timer(self, 1.0, self._diagnose)

    def _take(self, wish: Wish, services: list[str]) -> None:
        self._heard = True
        self._wishes.touch()
        for name in services:
            self._call(name)
        self._loop.take(wish, time.monotonic())
        self._tell()

    def _call(self, name: str) -> None:
        client = self._calls[name]
        if not client.service_is_ready():
            self._report(f"{name}: no driver answers; use the robot's own stop")
            return
        client.call_async(Trigger.Request()).add_done_callback(lambda future: self._answered(name, future.result()))

    def _answered(self, name: str, answer: Any) -> None:
        if answer is not None and answer.success:
            self.get_logger().info(f"{name}: {answer.message}")
        elif answer is not None:
            self._report(f"{name}: refused: {answer.message}")

    def _on_tick(self, tick: Tick) -> None:
        self._ticks.touch()
        command = self._loop.command(tick, time.monotonic())
        self._command.publish(messages.to_command(tick.stamp, self._robot, command, by_person=True))

    def _ask_for_velocity(self) -> None:
        twist = Twist()
        velocity = self._loop.steering(time.monotonic()) * self._fastest
        twist.linear.x, twist.linear.y, twist.angular.z = velocity.tolist()
        self._velocity.publish(twist)

    def _tell(self) -> None:
        """What is driven, when that changes."""
        text = self._loop.text if self._acts else "an agent acts while the switch is held"
        if self._corrects:
            text = f"{CORRECTS}: {self._loop.text}"
        if text != self._told:
            self._told = text
            self._state.publish(String(data=text))

    def _report(self, problem: str) -> None:
        self._problem = problem
        self.get_logger().error(problem, throttle_duration_sec=1.0)

    def _diagnose(self) -> None:
        level, text = OK, self._told
        if self._problem:
            level, text = WARN, self._problem
        if not self._heard:
            level, text = ERROR, self._problem or _WAITS[self._device]
        held = "held" if self._loop.held(time.monotonic()) else "released"
        values: dict[str, Any] = {"dead man's switch": held, "driven by": self._device}
        values["incomplete ticks"] = self._join.incomplete if self._join is not None else 0
        values |= self._wishes.describe("wish") | self._ticks.describe("tick") | self._gate.describe()
        self._diagnostics.publish(level, text, values)
        self._problem = ""


def main() -> int:
    """Run the teleoperator."""
    return run(TeleoperatorNode)


if __name__ == "__main__":
    sys.exit(main())
