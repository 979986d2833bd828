# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Stands before a driver of somebody else's: filters what it is told, judges what it tells, and stops it.

To all other nodes it is the driver, by name, topics and services; the other one is in a namespace below.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from ros_rl.errors import ConfigError
from ros_rl.nodes import messages, packets
from ros_rl.nodes.driver_shell import DriverShell, answered, limits_of
from ros_rl.nodes.guard_services import GuardServices
from ros_rl.nodes.messages import message_class
from ros_rl.nodes.qos import LATCHED, NEWEST, STATE
from ros_rl.nodes.running import create_timer, run
from ros_rl.nodes.safety_services import ARM, CLEAR
from ros_rl.nodes.tick_join import TickJoin
from ros_rl.runtime.dead_man import Pausable
from ros_rl.runtime.guard_loop import GuardLoop
from ros_rl.runtime.other_driver import OtherDriver
from ros_rl.sensors.inputs import by_topic
from ros_rl.settings.backends import ExternalSettings
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Command, Tick

_MAY_CHANGE = ("driver.miss_limit", "driver.lost_time_limit")
_POLL_SHARE = 0.5  # of a control period


class GuardNode(DriverShell, OtherDriver):
    """Unconfigured it hears no driver, inactive it passes nothing on, active it does."""

    def __init__(self) -> None:
        self._join: TickJoin | None = None
        self._loop: GuardLoop | None = None
        super().__init__(dict.fromkeys(_MAY_CHANGE, self._take_settings))
        self._answers = self.create_publisher(JointState, self._there("joint_command"), NEWEST)
        self._relay(Float64MultiArray, "verdict", packets.from_verdict, STATE)
        self._relay(Float64MultiArray, "step_allowance", packets.from_allowance, LATCHED)
        for topic, kind in by_topic(self._settings.task.asked):
            self._relay(message_class(kind), topic, lambda message: None, NEWEST, anybody=True)

    def _there(self, name: str) -> str:
        """A topic's or service's name in the other driver's namespace."""
        backend = self._settings.driver.backend
        if not isinstance(backend, ExternalSettings) or not backend.guard:
            raise ConfigError(
                f"driver.backend is '{self._settings.driver.backend_name}' without a guard: nothing to stand before"
            )
        return f"{backend.below}/{name}"

    def _relay(
        self, kind: Any, topic: str, check: Callable[[Any], object], qos: QoSProfile, anybody: bool = False
    ) -> None:
        publisher = self.create_publisher(kind, self._there(topic), qos)

        def checked(message: Any) -> Any:
            if topic in self._inputs:
                self._inputs[topic].touch()
            check(message)
            return message

        self._gate.subscribe(kind, topic, checked, publisher.publish, qos, anybody=anybody)

    def _make_services(self) -> GuardServices:
        below = self._there("").rstrip("/")
        self._beyond = GuardServices(self, self._latch, self._be_safe, self._dead_man, self._unready, below)
        return self._beyond

    def _unready(self) -> str:
        loop = self._loop
        deaf = "" if loop is None or loop.hears(time.monotonic()) else self._nobody()
        return super()._unready() or deaf

    def _nobody(self) -> str:
        return f"no driver is heard on {self.resolve_topic_name(self._there('tick'))}: start it there"

    def _switched(self) -> Pausable:
        return _Both(self._latch.pause, self._latch.resume, self.request)

    def _take_settings(self, settings: Settings) -> None:
        self._settings = settings
        if self._loop is not None:
            self._loop.limits = limits_of(settings.driver)

    def command(self, stamp: int, value: Array) -> None:
        """See `OtherDriver.command`."""
        self._answers.publish(messages.to_command(stamp, self._robot, value))

    def request(self, service: str) -> None:
        """See `OtherDriver.request`."""
        self._beyond.request(service)

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Listen to the other driver; nothing is passed on."""
        settings = self._settings
        self._loop = GuardLoop(
            self._robot,
            settings.control.period,
            self._latch,
            self,
            limits_of(settings.driver),
            keeps_time=not self._lock_step,
        )
        self._join = TickJoin(self._gate, self._robot, self._on_tick, namespace=self._there("").rstrip("/"))
        return super().on_configure(state)

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Pass ticks on, and commands once a person armed."""
        assert self._loop is not None
        self._problem = ""
        self._loop.start(time.monotonic())
        self._timer = create_timer(self, _POLL_SHARE * self._settings.control.period, self._poll)
        return super().on_activate(state)

    def _stop(self) -> None:
        self._stop_timer()
        self._latch.disarm()
        self._be_safe()

    def _trip(self, reason: str) -> None:
        if self._loop is not None:
            self._loop.trip(reason)

    def _release(self) -> None:
        self._stop()
        if self._join is not None:
            self._join.close()
        self._join = self._loop = None

    def _be_safe(self) -> None:
        """From any thread."""
        if self._loop is not None:
            self._loop.be_safe()

    def _on_tick(self, tick: Tick) -> None:
        loop, join = self._loop, self._join
        if loop is None or join is None or self._timer is None:
            return
        if self._publisher.session != join.session:
            self._publisher.begin_session(join.session)
        self._publish(loop.take(tick, join.session, time.monotonic()))

    def _on_command(self, command: Command) -> None:
        if self._loop is not None and self._timer is not None and self._loop.command(command):
            self._response.add(self._publisher.answered(self._arrived))

    def _poll(self) -> None:
        self._poll_dead_man()
        if self._loop is not None:
            self._loop.poll(time.monotonic())
        self._watch_supervisor()

    def _reset(self, request: Any, response: Any) -> Any:
        """A new episode of the other driver's, unless a fault is latched."""
        if self._latch.latched:
            return answered(response, False, f"call {CLEAR} first: {self._latch.reason}")
        if not self._latch.armed:
            return answered(response, False, f"the robot is disarmed; call {ARM} first")
        self.request("reset")
        return answered(response, True, "the driver was asked for a new episode")

    def _figures(self) -> dict[str, Any]:
        loop = self._loop
        if loop is None:
            return {}
        if not loop.heard:
            self._problem = self._nobody()
        elif self._problem.startswith("no driver"):
            self._problem = ""
        return {
            "deadline misses": loop.misses,
            "late commands": loop.late,
            "commands limited": loop.limited,
            "faults": loop.faults,
            "driver stops when told": self._beyond.offers("emergency_stop"),
        }


class _Both:
    """What a dead man's switch pauses and resumes: the latch, and by `GuardLoop.insist` the other driver."""

    def __init__(self, pause: Callable[[], bool], resume: Callable[[], bool], request: Callable[[str], None]) -> None:
        self.pause, self._resume, self._request = pause, resume, request

    def resume(self) -> bool:
        """See `Pausable.resume`."""
        done = self._resume()
        if done:
            self._request("resume")
        return done


def main() -> int:
    """Run the guard."""
    return run(GuardNode)


if __name__ == "__main__":
    sys.exit(main())
