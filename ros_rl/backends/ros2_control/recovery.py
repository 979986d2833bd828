# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Gets a robot out of a protective stop, when a person arms it, and starts its program again."""

from __future__ import annotations

import threading
import time

from ros_rl.backends.ros2_control.link import Answer, Link
from ros_rl.backends.ros2_control.status import Status
from ros_rl.settings.hardware.ros2_control import RESTARTS

_STEPS = ("close_popup", "close_safety_popup", "stop", "unlock_protective_stop")
"""The order of ur_robot_driver's own tests: the program is stopped before the robot is unlocked, or it would go on with
what it did."""
_UNLOCKS = 8  # tries, a second apart: a robot unlocks 5 s after a protective stop at the earliest
_STARTS_SECONDS = 5.0


class Recovery:
    """Runs in a thread of its own, once for each time that it is begun.

    Args:
        link: Calls services.
        status: Tells when the program runs again.
        restart: How it is started again, as in the settings.
    """

    def __init__(self, link: Link, status: Status, restart: str) -> None:
        self._link, self._status, self._restart = link, status, restart
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self.says = ""
        """What it does or did last."""

    def begin(self) -> str:
        """Begin, unless it is under way; says what it does, in words for a person."""
        if self._restart == "none":
            return "start it at the robot, then clear the fault and arm again"
        if self._thread is None or not self._thread.is_alive():
            self.says = "recovery has begun"
            self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)
            self._thread.start()
        return f"{self.says}; clear the fault and arm again in some seconds"

    def close(self) -> None:
        """End it."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        for step in _STEPS:
            self._call(f"dashboard_client/{step}", _UNLOCKS if step.startswith("unlock") else 1)
        answer = self._call(RESTARTS[self._restart])
        if answer is None or not answer.success:
            return
        end = time.monotonic() + _STARTS_SECONDS
        while self._status.stopped and time.monotonic() < end and not self._ended.wait(0.05):
            pass
        self.says = "the robot's program runs again" if not self._status.stopped else f"{self.says}, and nothing runs"

    def _call(self, service: str, tries: int = 1) -> Answer | None:
        answer: Answer | None = None
        for number in range(tries):
            if self._ended.wait(1.0 if number else 0.0):
                return None
            answer = self._link.call(service)
            if answer is None:
                self.says = f"there is no service {service}"
            else:
                self.says = f"{service} answered '{answer.message}'" + ("" if answer.success else ", and failed")
            if answer is None or answer.success:
                break
        return answer
