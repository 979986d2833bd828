# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Joint states and the robot's own status in; Trigger services out."""

from __future__ import annotations

import array
import importlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from rcl_interfaces.srv import GetParameters
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64, Float64MultiArray, String
from std_srvs.srv import Trigger

from ros_rl.backends.ros2_control.description import TOPIC as DESCRIPTION
from ros_rl.backends.ros2_control.joint_states import JointStates
from ros_rl.backends.ros2_control.link import Answer, Link
from ros_rl.backends.ros2_control.status import Status
from ros_rl.errors import BackendError, one_line
from ros_rl.nodes.qos import LATCHED, NEWEST
from ros_rl.nodes.ros2_control.context import make_context, make_executor, make_node
from ros_rl.nodes.ros2_control.publishers import LINK, others, own_name
from ros_rl.settings.hardware.ros2_control import Ros2ControlSettings
from ros_rl.types import Array

_WAIT_SECONDS = 0.02
_REST_SECONDS = 0.001  # after each message, so that a flood cannot take the whole thread
_LOOK_SECONDS = 0.25
_STOP_SECONDS = 0.02  # between two messages
_FOUND_SECONDS = 5.0
_ANSWER_SECONDS = 10.0  # of a dashboard
_DESCRIBED_SECONDS = 3.0


class RosLink(Link):
    """See `Link`; its node lives in a context and a thread of its own.

    Args:
        settings: Of the driver.
        controller: Name of the controller.
        interface: Its command interface.
        states: Takes joint states.
        status: Takes what the robot says of itself.
    """

    def __init__(
        self, settings: Ros2ControlSettings, controller: str, interface: str, states: JointStates, status: Status
    ) -> None:
        self._settings, self._controller, self._interface = settings, controller, interface
        self._states, self._status = states, status
        self._node: Any = None
        self._ended = threading.Event()
        self._problem = self._suspect = self._broken = ""
        self._description = ""
        self._still: Array | None = None
        self._looked = self._sent = 0.0

    @property
    def problem(self) -> str:
        """See `Link.problem`."""
        return self._broken or self._problem

    def open(self) -> None:
        """See `Link.open`."""
        self._context = make_context()
        node = self._node = make_node(
            self._context,
            own_name(LINK),
            self._settings.namespace,
            enable_rosout=False,
            start_parameter_services=False,
        )
        self._topic = node.resolve_topic_name(f"{self._controller}/commands")
        self._publisher = node.create_publisher(Float64MultiArray, self._topic, NEWEST)
        node.create_subscription(JointState, self._settings.joint_states, self._on_states, qos_profile_sensor_data)
        node.create_subscription(String, DESCRIPTION, self._on_description, LATCHED)
        if self._settings.status != "none":
            self._watch_status()
        self._ended.clear()
        self._thread = threading.Thread(target=self._live, name="ros2_control", daemon=True)
        self._thread.start()
        self._wait_for(lambda: node.count_subscribers(self._topic) > 0, self._no_controller)
        self._wait_for(lambda: self._states.is_settled(time.monotonic()), self._no_states)
        if self._settings.status == "required":
            self._wait_for(lambda: self._status.complete, self._no_status)

    def be_alone(self) -> None:
        """See `Link.be_alone`."""
        self._wait_for(lambda: not others(self._node, self._topic, os.getpid()), self._second)

    def controller_joints(self) -> tuple[str, ...]:
        """See `Link.controller_joints`.

        Raises:
            BackendError: The controller has another command interface.
        """
        joints = self._parameter("joints")
        own = None if joints is None else self._parameter("interface_name")
        if own is not None and own.string_value not in ("", self._interface):
            raise BackendError(
                f"{self._controller} commands '{own.string_value}'; the robot's file says '{self._interface}'"
            )
        return () if joints is None else tuple(joints.string_array_value)

    def description(self) -> str:
        """See `Link.description`."""
        end = time.monotonic() + _DESCRIBED_SECONDS
        while not self._description and time.monotonic() < end:
            time.sleep(_WAIT_SECONDS)
        return self._description

    def call(self, service: str) -> Answer | None:
        """See `Link.call`."""
        response = self._ask(Trigger, service, Trigger.Request())
        return None if response is None else Answer(response.success, response.message)

    def stop_itself(self, values: Array | None) -> None:
        """See `Link.stop_itself`."""
        self._still = values

    def close(self) -> None:
        """See `Link.close`."""
        if self._node is None:
            return
        self._ended.set()
        self._thread.join()
        self._node.destroy_node()
        self._context.shutdown()
        self._node = None

    def _watch_status(self) -> None:
        node, status, settings = self._node, self._status, self._settings

        def on_program(message: Bool) -> None:
            status.program = bool(message.data)

        node.create_subscription(Bool, settings.program_running, on_program, LATCHED)
        node.create_subscription(
            Float64,
            settings.speed_scaling,
            lambda message: status.take_speed(message.data, time.monotonic()),
            qos_profile_sensor_data,
        )
        try:
            vendors = importlib.import_module("ur_dashboard_msgs.msg")
        except ImportError:  # the program's state tells the same, with fewer words
            return
        self._watch_mode(vendors.SafetyMode, "safety_mode", "safety")
        self._watch_mode(vendors.RobotMode, "robot_mode", "mode")

    def _watch_mode(self, kind: Any, topic: str, what: str) -> None:
        """Keep a mode in the status, by the name that its message's type has for its number."""
        names = {getattr(kind, name): name for name in vars(kind) if name.isupper()}

        def on_mode(message: Any) -> None:
            setattr(self._status, what, names.get(message.mode, str(message.mode)))

        self._node.create_subscription(kind, f"io_and_status_controller/{topic}", on_mode, LATCHED)

    def _on_states(self, message: JointState) -> None:
        stamp = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
        self._states.take(message.name, message.position, message.velocity, message.effort, stamp, time.monotonic())

    def _on_description(self, message: String) -> None:
        self._description = message.data

    def _live(self) -> None:
        executor = make_executor(self._context)
        executor.add_node(self._node)
        while not self._ended.is_set():
            try:
                executor.spin_once(timeout_sec=_WAIT_SECONDS)
            except Exception as error:  # a message that cannot be read must not end this thread
                self._broken = f"a message of the robot's cannot be read: {one_line(error)}"
            now = time.monotonic()
            still = self._still
            if still is not None and now - self._sent >= _STOP_SECONDS:
                self._sent = now
                self._publisher.publish(Float64MultiArray(data=array.array("d", still.tobytes())))
            if now - self._looked >= _LOOK_SECONDS:
                self._looked = now
                self._look()
            time.sleep(_REST_SECONDS)
        executor.shutdown()

    def _look(self) -> None:
        """Look who is on the commands' topic; what is seen twice is true."""
        seen = ""
        foreign = others(self._node, self._topic, os.getpid())
        if foreign:
            seen = f"{foreign[0]} publishes on {self._topic}, too"
        elif not self._node.count_subscribers(self._topic):
            seen = self._no_controller()
        self._problem, self._suspect = (seen if seen == self._suspect else ""), seen

    def _wait_for(self, condition: Callable[[], bool], problem: Callable[[], str]) -> None:
        end = time.monotonic() + self._settings.connect_timeout
        while not condition():
            if time.monotonic() > end:
                raise BackendError(problem())
            time.sleep(_WAIT_SECONDS)

    def _parameter(self, name: str) -> Any:
        """A parameter of the controller's; None where it tells none of that name."""
        answer = self._ask(GetParameters, f"{self._controller}/get_parameters", GetParameters.Request(names=[name]))
        return answer.values[0] if answer is not None and answer.values else None

    def _ask(self, kind: Any, service: str, request: Any) -> Any:
        """Ask a service; None where there is none, or it does not answer."""
        client = self._node.create_client(kind, service)
        try:
            if not client.wait_for_service(timeout_sec=_FOUND_SECONDS):
                return None
            answered = threading.Event()
            future = client.call_async(request)
            future.add_done_callback(lambda _: answered.set())
            return future.result() if answered.wait(_ANSWER_SECONDS) else None
        finally:
            self._node.destroy_client(client)

    def _no_controller(self) -> str:
        return (
            f"nobody listens on {self._topic}: load and activate the controller "
            f"(ros2 control switch_controllers --activate {self._controller})"
        )

    def _second(self) -> str:
        foreign = others(self._node, self._topic, os.getpid())
        return f"{foreign[0] if foreign else 'another node'} publishes on {self._topic}, too: end it first"

    def _no_states(self) -> str:
        topic = self._node.resolve_topic_name(self._settings.joint_states)
        problem = self._states.problem()
        return problem or f"no joint states of the robot's joints come on {topic}; is joint_state_broadcaster active?"

    def _no_status(self) -> str:
        topic = self._settings.program_running if self._status.program is None else self._settings.speed_scaling
        return f"nothing comes on {self._node.resolve_topic_name(topic)}, and driver.backend.status is 'required'"
