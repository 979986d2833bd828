# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver: moves the robot, opens the ticks, and holds the last word on every command."""

from __future__ import annotations

import sys
import time
import traceback
from typing import Any

from rclpy.lifecycle import TransitionCallbackReturn
from std_msgs.msg import Float64MultiArray

from ros_rl.backends import Backend, make_backend
from ros_rl.errors import RosRlError, one_line
from ros_rl.nodes import packets
from ros_rl.nodes.driver_shell import DriverShell, answered, limits_of
from ros_rl.nodes.listener import Listener, complete
from ros_rl.nodes.object_reader import listen_to_tracker
from ros_rl.nodes.picture_reader import listen_to_cameras
from ros_rl.nodes.qos import LATCHED, STATE
from ros_rl.nodes.running import create_timer, run
from ros_rl.nodes.safety_services import ARM, CLEAR
from ros_rl.nodes.task_inputs import InputReader
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.pacing import CONTROLLER, LockStep, Pacer, RealTime
from ros_rl.sensors.table import tracked
from ros_rl.settings.teleop import TELEOPERATOR
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Command, Verdict

_MAY_CHANGE = tuple(
    f"driver.{name}" for name in ("miss_limit", "miss_share", "unjudged_limit", "lost_time_limit", "silence_limit")
)


class DriverNode(DriverShell):
    """Hosts a backend behind the tick contract."""

    def __init__(self) -> None:
        self._backend: Backend | None = None
        self._pacer: Pacer | None = None
        self._allowance: int | None = None
        super().__init__(dict.fromkeys(_MAY_CHANGE, self._take_settings))
        self._listeners = self._listen()
        self._asked = InputReader(self._gate, self._robot, self._settings.task.asked, self._give)
        subscribe = self._gate.subscribe
        subscribe(Float64MultiArray, "verdict", packets.from_verdict, self._on_verdict, STATE)
        subscribe(Float64MultiArray, "step_allowance", packets.from_allowance, self._on_allowance, LATCHED)

    def _listen(self) -> list[Listener]:
        """To who sees what the robot does not."""
        driver, robot, found = self._settings.driver, self._robot, list[Listener]()
        if tracked(robot) and not driver.backend.measures_objects:
            found.append(listen_to_tracker(self, self._gate, robot, driver.objects_limit))
        if robot.cameras and not driver.backend.has_cameras:
            found += listen_to_cameras(self, self._gate, robot, driver.camera_topics, driver.camera_limit)
        return found

    def _take_settings(self, settings: Settings) -> None:
        self._settings = settings
        if isinstance(self._pacer, RealTime):
            self._pacer.limits = limits_of(settings.driver)
        elif isinstance(self._pacer, LockStep):
            self._pacer.silence_limit = settings.driver.silence_limit

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Open the link to the robot; nothing moves."""
        settings = self._settings
        try:
            self._backend = complete(make_backend(settings, settings.seed), self._listeners)
            self._backend.connect()
        except RosRlError as error:
            self._report(str(error))
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # simulators and robots' libraries raise anything
            self.get_logger().error(traceback.format_exc())
            self._report(f"{settings.driver.backend_name}: {type(error).__name__}: {error}")
            return TransitionCallbackReturn.FAILURE
        driver, control = settings.driver, settings.control
        loop = make_driver_loop(settings, self._robot, self._backend, settings.seed, driver.recovers, self._latch)
        self._loop = loop
        self._publisher.begin_session()
        if self._lock_step:
            self._pacer = LockStep(loop, control.period, driver.recovers, driver.silence_limit)
        else:
            who = TELEOPERATOR if settings.person_acts else CONTROLLER
            self._pacer = RealTime(loop, control.period, driver.recovers, limits_of(driver), who)
        return super().on_configure(state)

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Open the first tick."""
        assert self._pacer is not None
        silent = next(filter(None, (listener.problem for listener in self._listeners)), "")
        if silent:
            self._report(silent)
            return TransitionCallbackReturn.FAILURE
        self._problem = ""
        self._latch.disarm()  # who armed it before did so while nothing happened
        try:
            self._publish(self._pacer.start(time.monotonic(), self._now()))
        except RosRlError as error:
            self._report(str(error))
            return TransitionCallbackReturn.FAILURE
        if self._allowance is not None:
            self._pacer.allow(self._allowance, time.monotonic())
        self._timer = create_timer(self, self._settings.control.period, self._poll)
        return super().on_activate(state)

    def _trip(self, reason: str) -> None:
        self._loop.trip(reason)

    def _release(self) -> None:
        self._stop()
        backend, self._backend = self._backend, None
        if backend is not None:
            try:
                backend.close()
            except Exception as error:  # as in on_configure
                self._report(f"the backend failed to close: {type(error).__name__}: {one_line(error)}")
        self._pacer = None

    def _stop(self) -> None:
        self._stop_timer()
        if self._pacer is not None:
            self._loop.end()

    def _be_safe(self) -> None:
        """From any thread."""
        if self._pacer is not None:
            self._loop.be_safe()

    @property
    def _active(self) -> Pacer | None:
        return self._pacer if self._timer is not None else None

    def _on_command(self, command: Command) -> None:
        if self._active is None:
            return
        pacer, answers = self._active, self._active.answers
        tick = pacer.command(command, time.monotonic())
        if pacer.answers != answers:
            self._response.add(self._publisher.answered(self._arrived))
        self._publish(tick)

    def _on_verdict(self, found: tuple[int, Verdict]) -> None:
        self._inputs["verdict"].touch()
        if self._active is not None:
            self._publish(self._active.verdict(*found, time.monotonic()))

    def _on_allowance(self, steps: int) -> None:
        self._inputs["step_allowance"].touch()
        self._allowance = steps
        if self._active is not None:
            self._publish(self._active.allow(self._allowance, time.monotonic()))

    def _give(self, name: str, value: Array) -> None:
        if self._pacer is not None and (said := self._loop.give(name, value)):
            self.get_logger().warning(said)

    def _poll(self) -> None:
        self._poll_dead_man()
        if self._active is not None:
            self._publish(self._active.poll(time.monotonic(), self.get_clock().now().nanoseconds))
        self._watch_supervisor()

    def _reset(self, request: Any, response: Any) -> Any:
        """A new episode, unless a fault is latched."""
        if self._active is None:
            return answered(response, False, "the driver is not active")
        if self._latch.latched:
            return answered(response, False, f"call {CLEAR} first: {self._latch.reason}")
        if not self._latch.armed:
            return answered(response, False, f"the robot is disarmed; call {ARM} first")
        self._publish(self._active.start(time.monotonic(), self._now()))
        return answered(response, True, "a new episode has begun")

    def _figures(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if self._pacer is not None:
            loop = self._loop
            values |= {
                "deadline misses": self._pacer.misses,
                "late commands": self._pacer.late,
                "commands limited": loop.limited,
                "held back": loop.held_back,
                "faults": loop.faults,
            }
            if loop.pending:
                values["motors wait for"] = loop.pending
        if isinstance(self._active, LockStep):
            values["waits for"] = self._active.waits_for()
        if isinstance(self._pacer, RealTime):
            values["periods too long"] = self._pacer.broken
        for listener in self._listeners:
            values |= listener.describe()
        return values | self._asked.describe()


def main() -> int:
    """Run the driver."""
    return run(DriverNode)


if __name__ == "__main__":
    sys.exit(main())
