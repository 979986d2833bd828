# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Gets a robot out of a protective stop or powers it, when a person arms it, and starts its program again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ros_rl.backends.ros2_control.link import Answer, Link
from ros_rl.backends.ros2_control.status import Status
from ros_rl.settings.hardware.ros2_control import RESTARTS

_CLOSES = ("close_popup", "close_safety_popup", "stop")
_POWERS = ("power_off", "power_on", "brake_release")
_UNLOCK = "unlock_protective_stop"
"""With these three the order of ur_robot_driver's own tests (``start_robot`` of its ``test_common.py``): the program is
stopped before the robot is unlocked, or it would go on with what it did."""
_UNLOCKS = 8  # tries, a second apart: a robot unlocks 5 s after a protective stop at the earliest
_RUNS_SECONDS = 20.0  # until the brakes are open
_STARTS_SECONDS = 5.0
_STOPS, _STOP_AGAIN = 5, 0.5  # tries, s
_LOOKS = 0.05  # s
_CLOSE_SECONDS = 3.0


class Recovery:
    """Runs in a thread of its own, once for each time that it is begun.

    A robot whose mode is told is powered where it is not RUNNING. Where none is told, because the vendor's messages are
    not installed, it is powered where its program does not start otherwise.

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

    @property
    def runs(self) -> bool:
        """Whether it is under way."""
        return self._thread is not None and self._thread.is_alive() and not self._ended.is_set()

    def begin(self) -> None:
        """Begin, unless it is under way."""
        if not self.runs:
            self.says, self._ended = "recovery has begun", threading.Event()
            arguments = (self._ended, self._thread)
            self._thread = threading.Thread(target=self._run, args=arguments, name="recovery", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Break it off: nothing more is asked of the robot, but to stop the program that was just started."""
        self._ended.set()

    def close(self) -> None:
        """End it, and wait as long as there is for that before a driver that ends is killed."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self, ended: threading.Event, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        mode = self._status.mode
        powers = mode not in ("", "RUNNING")
        if not self._attempt(ended, powers) and not (mode or ended.is_set()):
            self._attempt(ended, powers=True)

    def _attempt(self, ended: threading.Event, powers: bool) -> bool:
        """Whether the program runs again."""
        for step in (*_CLOSES, *(_POWERS * powers), _UNLOCK):
            self._call(ended, f"dashboard_client/{step}", _UNLOCKS if step == _UNLOCK else 1)
        known = bool(self._status.mode)
        if powers and known:
            self._await(ended, lambda: self._status.mode == "RUNNING", _RUNS_SECONDS)
        end = time.monotonic() + _RUNS_SECONDS * (powers and not known)  # nobody tells when the brakes are open
        while not self._started(ended) and time.monotonic() < end and not ended.wait(1.0):
            pass
        return not self._status.stopped

    def _started(self, ended: threading.Event) -> bool:
        """Start the program, and say whether it runs."""
        if ended.is_set():
            return False
        answer, runs = self._call(ended, RESTARTS[self._restart]), False
        if answer is not None and answer.success:
            self._await(ended, lambda: not self._status.stopped, _STARTS_SECONDS)
            runs = not self._status.stopped
            self.says = "the robot's program runs again" if runs else f"{self.says}, and nothing runs"
        if ended.is_set():  # an answer that was lost does not mean that it was not started
            self._stop()
        return runs

    def _stop(self) -> None:
        """End a program that was started just before everything was broken off."""
        for _ in range(_STOPS):
            time.sleep(_STOP_AGAIN)
            if self._status.program is not False:
                self._link.call("dashboard_client/stop")

    def _await(self, ended: threading.Event, condition: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end and not ended.wait(_LOOKS):
            pass

    def _call(self, ended: threading.Event, service: str, tries: int = 1) -> Answer | None:
        answer: Answer | None = None
        for number in range(tries):
            if ended.wait(1.0 if number else 0.0):
                return answer
            answer = self._link.call(service)
            if answer is None:
                self.says = f"there is no service {service}"
            else:
                self.says = f"{service} answered '{answer.message}'" + ("" if answer.success else ", and failed")
            if answer is None or answer.success:
                break
        return answer
