# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The services that stop a robot and let it move, answered by a thread of their own, whatever else is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger

from ros_rl.runtime.dead_man import DeadMan
from ros_rl.runtime.latch import Latch

_WAIT_SECONDS = 0.2
CLEAR, ARM, RESUME = "clear_fault (ros-rl clear)", "arm (ros-rl arm)", "resume (ros-rl resume)"
"""Services, and the commands that call them."""


class SafetyServices:
    """A node beside the driver's; it has an executor and a thread, so that nothing that blocks the driver delays it.

    Args:
        node: The driver's.
        latch: What the services change.
        be_safe: Sends the robot its safe action; may be called from any thread.
        dead_man: The switch without which nothing resumes, if there is one.
        unready: Says why it cannot be armed now, if so: what is armed is to be watched from then on.
    """

    def __init__(
        self,
        node: Node,
        latch: Latch,
        be_safe: Callable[[], None],
        dead_man: DeadMan | None = None,
        unready: Callable[[], str] = str,
    ) -> None:
        self._latch, self._be_safe, self._dead_man, self._unready = latch, be_safe, dead_man, unready
        self._node = rclpy.create_node(
            f"{node.get_name()}_safety", namespace=node.get_namespace(), use_global_arguments=False
        )
        calls: dict[str, Callable[[], tuple[bool, str]]] = {
            "emergency_stop": self._emergency_stop,
            "clear_fault": self._clear_fault,
            "arm": self._arm,
            "disarm": self._disarm,
            "home": self._home,
            "pause": self._pause,
            "resume": self._resume,
        }
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        for name, call in calls.items():
            self._serve(name, call)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._spin, name="safety", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and the services."""
        self._ended.set()
        self._thread.join(timeout=5 * _WAIT_SECONDS)
        self._node.destroy_node()

    def _serve(self, name: str, call: Callable[[], tuple[bool, str]]) -> None:
        self._node.create_service(Trigger, name, _answering(call))

    def _spin(self) -> None:
        while rclpy.ok() and not self._ended.is_set():
            try:
                self._executor.spin_once(timeout_sec=_WAIT_SECONDS)
            except Exception:
                if rclpy.ok():
                    raise

    def _emergency_stop(self) -> tuple[bool, str]:
        self._latch.emergency_stop()
        self._be_safe()
        return True, self._kept(f"stopped until {CLEAR} is called")

    def _clear_fault(self) -> tuple[bool, str]:
        was = self._latch.clear()
        if not was:
            return True, "there was no fault"
        then = "" if self._latch.armed else f"; disarmed until {ARM} is called"
        return True, self._kept(f"cleared: {was}{then}")

    def _arm(self) -> tuple[bool, str]:
        if self._latch.latched:
            return False, f"call {CLEAR} first: {self._latch.reason}"
        unready = self._unready()
        if unready:
            return False, unready
        return (True, "armed; going home") if self._latch.arm() else (True, "it was armed already")

    def _disarm(self) -> tuple[bool, str]:
        disarmed = self._latch.disarm()
        self._be_safe()
        return True, "disarmed" if disarmed else f"nothing acts already: {self._latch.reason}"

    def _home(self) -> tuple[bool, str]:
        homes = self._latch.home()
        return homes, f"going home; at rest there until {RESUME} is called" if homes else self._unarmed()

    def _pause(self) -> tuple[bool, str]:
        paused = self._latch.pause()
        return paused, f"at rest until {RESUME} is called" if paused else self._unarmed()

    def _resume(self) -> tuple[bool, str]:
        if self._latch.armed and self._dead_man is not None and not self._dead_man.held:
            return False, "hold the dead man's switch"
        resumed = self._latch.resume()
        return resumed, "commands act as soon as the robot is ready" if resumed else self._unarmed()

    def _unarmed(self) -> str:
        latched = self._latch.reason
        return f"call {CLEAR} first: {latched}" if latched else f"the robot is disarmed; call {ARM} first"

    def _kept(self, text: str) -> str:
        return f"{text}; but {self._latch.problem}" if self._latch.problem else text


def _answering(call: Callable[[], tuple[bool, str]]) -> Callable[[Any, Any], Any]:
    def answer(request: Any, response: Any) -> Any:
        response.success, response.message = call()
        return response

    return answer
