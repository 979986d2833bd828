# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The topics and services of a Universal Robots arm's ROS driver and of its forward command controller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64, Float64MultiArray, String
from std_srvs.srv import Trigger

from ros_rl.backends.ros2_control.description import TOPIC
from ros_rl.nodes.qos import LATCHED
from ros_rl.nodes.ros2_control.context import make_context, make_executor, make_node
from ros_rl.types import Array

_LIKE_ROS2_CONTROLLERS = QoSProfile(depth=10)

Answer = Callable[[], tuple[bool, str]]
"""Does what a service is for; success and message."""


class ArmNodes:
    """The driver, the controller and somebody else, in a ROS context of their own. Nothing is served but in `spin`.

    Args:
        namespace: Of all topics and services.
        controller: Name of the controller.
        interface: That it commands.
        joints: That it commands, in its order.
        tells_joints: Whether it can be asked for its parameters.
        command: Takes what the controller is told, and gives what it complains of; empty if nothing.
        services: What answers each service of the driver.
        description: Of the robot, a URDF as text; empty publishes none.
    """

    def __init__(
        self,
        namespace: str,
        controller: str,
        interface: str,
        joints: Sequence[str],
        tells_joints: bool,
        command: Callable[[Array], str],
        services: Mapping[str, Answer],
        description: str = "",
    ) -> None:
        self._context = make_context()
        self._driver = node = make_node(self._context, "ur_robot_driver", namespace)
        self._controller = make_node(self._context, controller, namespace, start_parameter_services=tells_joints)
        self._other = make_node(self._context, "somebody_else", namespace)
        self._command = command
        self._second: Any = None
        self._states = node.create_publisher(JointState, "joint_states", QoSProfile(depth=10))
        self._program = node.create_publisher(Bool, "io_and_status_controller/robot_program_running", LATCHED)
        self._speed = node.create_publisher(
            Float64, "speed_scaling_state_broadcaster/speed_scaling", QoSProfile(depth=10)
        )
        self._description = node.create_publisher(String, TOPIC, LATCHED)
        if description:
            self._description.publish(String(data=description))
        for name, answer in services.items():
            node.create_service(Trigger, name, _answering(answer))
        self._declare(joints, interface)
        self._executor = make_executor(self._context)
        for one in (self._driver, self._controller, self._other):
            self._executor.add_node(one)
        self._subscription: Any = None
        self.load()

    def _declare(self, joints: Sequence[str], interface: str) -> None:
        kinds = {"joints": Parameter.Type.STRING_ARRAY, "interface_name": Parameter.Type.STRING}
        self._controller.declare_parameters("", list(kinds.items()))
        values = {"joints": list(joints), "interface_name": interface}
        self._controller.set_parameters([Parameter(name, kinds[name], value) for name, value in values.items()])

    def load(self) -> None:
        """Let the controller listen."""
        self._subscription = self._controller.create_subscription(
            Float64MultiArray, "~/commands", self._on_command, _LIKE_ROS2_CONTROLLERS
        )

    def unload(self) -> None:
        """Let it listen no more."""
        self._controller.destroy_subscription(self._subscription)

    def interfere(self, topic: str) -> None:
        """Let somebody else command the controller, too."""
        self._second = self._other.create_publisher(Float64MultiArray, topic, 10)

    def leave(self) -> None:
        """Let somebody else go."""
        second, self._second = self._second, None
        self._other.destroy_publisher(second)

    def spin(self, seconds: float) -> None:
        """Serve what comes next, or nothing for so long [s]."""
        self._executor.spin_once(timeout_sec=seconds)

    def tell_program(self, running: bool) -> None:
        """Whether the robot's program runs."""
        self._program.publish(Bool(data=running))

    def tell_speed(self, percent: float) -> None:
        """Speed scaling [%]."""
        self._speed.publish(Float64(data=percent))

    def tell_states(self, names: list[str], parts: Sequence[Array], stamp: float, times: int, other: Array) -> None:
        """Send joint states, and what somebody else commands if there is somebody.

        Args:
            names: Of the joints.
            parts: Position [rad], velocity [rad/s], effort [N m], which may be fewer.
            stamp: Seconds since 1970.
            times: How often.
            other: What somebody else commands.
        """
        position, velocity, effort = (part.tolist() for part in parts)
        message = JointState(name=names, position=position, velocity=velocity, effort=effort)
        message.header.stamp.sec, message.header.stamp.nanosec = int(stamp), int(stamp % 1.0 * 1e9)
        for _ in range(times):
            self._states.publish(message)
        second = self._second
        if second is not None:
            second.publish(Float64MultiArray(data=other.tolist()))

    def close(self) -> None:
        """Leave; nobody serves any more."""
        self._executor.shutdown()
        for node in (self._driver, self._controller, self._other):
            node.destroy_node()
        self._context.shutdown()

    def _on_command(self, message: Float64MultiArray) -> None:
        complaint = self._command(np.array(message.data))
        if complaint:
            self._controller.get_logger().error(complaint)


def _answering(call: Answer) -> Any:
    def answer(request: Any, response: Any) -> Any:
        response.success, response.message = call()
        return response

    return answer
