# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What every node that is a run's driver has: the latch and its services, the dead man's switch, ticks to publish."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Bool, Empty, String
from std_srvs.srv import Trigger

from ros_rl.errors import ConfigError
from ros_rl.nodes import messages
from ros_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Input, describe_durations
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.parameters import NODE_OPTIONS, Change, declare_parameters
from ros_rl.nodes.qos import LATCHED, NEWEST
from ros_rl.nodes.running import create_timer
from ros_rl.nodes.safety_services import ARM, CLEAR, SafetyServices
from ros_rl.nodes.tick_publisher import TickPublisher
from ros_rl.runtime import latch
from ros_rl.runtime.dead_man import DeadMan, Pausable
from ros_rl.runtime.durations import Durations
from ros_rl.runtime.pacing import Limits
from ros_rl.runtime.supervised import Supervised
from ros_rl.settings.driver import DriverSettings
from ros_rl.types import Command, SafetyState, Tick


class DriverShell(LifecycleNode):
    """A node named ``driver``. Unconfigured it holds no robot, inactive it opens no ticks, active it does.

    Args:
        may_change: Names of the settings that may change while it runs.
    """

    def __init__(self, may_change: Mapping[str, Change]) -> None:
        super().__init__("driver", **NODE_OPTIONS)
        parameters = declare_parameters(self, may_change)
        self._settings = parameters.settings
        self._robot = self._settings.load_robot()
        driver = self._settings.driver
        file = Path(parameters.folder) / latch.FILE if parameters.folder else None
        self._latch = latch.Latch(file, driver.arms_itself, keep_faults=not driver.recovers)
        self._timer: Any = None
        self._problem = ""
        self._inputs = {name: Input() for name in ("joint_command", "verdict", "step_allowance")}
        self._response = Durations()
        self._ticks = Input()
        self._diagnostics = Diagnostics(self)
        self._lock_step = driver.mode == "lock_step"
        asked = self._settings.task.inputs
        noise = driver.backend.sensor_noise()
        known = vars(noise) if noise is not None else {}
        self._publisher = TickPublisher(self, self._robot, asked, simulated_time=self._lock_step, noise=known)
        gate = self._gate = Gate(self, self._settings, self._report)
        self._commands = gate.subscribe(JointState, "joint_command", self._read_command, self._on_command, NEWEST)
        self._dead_man = DeadMan(self._switched(), driver.dead_man_limit) if driver.dead_man != "none" else None
        if driver.dead_man == "topic":
            gate.subscribe(Bool, "dead_man", lambda message: bool(message.data), self._on_dead_man, NEWEST)
        elif driver.dead_man == "joy":
            gate.subscribe(Joy, "joy", self._read_button, self._on_dead_man, NEWEST)
        self._supervised = Supervised(driver.unsupervised_limit)
        if driver.supervised:
            gate.subscribe(
                Empty, "supervisor_heartbeat", lambda message: time.monotonic(), self._supervised.hear, NEWEST
            )
        self._state = self.create_publisher(String, "safety_state", LATCHED)
        self.create_service(Trigger, "reset", self._reset)
        self._safety_services = self._make_services()
        create_timer(self, 1.0, self._diagnose)

    def _switched(self) -> Pausable:
        """What the dead man's switch pauses and resumes."""
        return self._latch

    def _make_services(self) -> SafetyServices:
        return SafetyServices(self, self._latch, self._be_safe, self._dead_man, self._unready)

    def _unready(self) -> str:
        """Why it cannot be armed now, from any thread; empty if it can."""
        return "" if self._timer is not None else "the driver is not active; arm it once it is (ros-rl status)"

    def _on_command(self, command: Command) -> None:
        raise NotImplementedError

    def _be_safe(self) -> None:
        """From any thread."""
        raise NotImplementedError

    def _trip(self, reason: str) -> None:
        """Latch a fault; the robot does its safe action."""
        raise NotImplementedError

    def _release(self) -> None:
        raise NotImplementedError

    def _reset(self, request: Any, response: Any) -> Any:
        raise NotImplementedError

    def _figures(self) -> dict[str, Any]:
        """What diagnostics tell of this kind of driver."""
        raise NotImplementedError

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Miss no supervisor that led it before: it may have ended, and its last words may have come late."""
        self._supervised.forget()
        return super().on_activate(state)

    def on_deactivate(self, state: Any) -> TransitionCallbackReturn:
        """Open no more ticks; the robot does its safe action."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: Any) -> TransitionCallbackReturn:
        """Release the robot."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: Any) -> TransitionCallbackReturn:
        """Release the robot."""
        self._release()
        return super().on_shutdown(state)

    def _stop(self) -> None:
        raise NotImplementedError

    def told_to_stop(self) -> None:
        """Let nothing act any more, at once: whatever this process waits for, `close` may come late."""
        self._latch.disarm()
        self._be_safe()

    def close(self) -> None:
        """Release the robot, after its safe action, and end the services."""
        self._release()
        self._safety_services.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self.destroy_timer(self._timer)
        self._timer = None

    def _now(self) -> int | None:
        """The time that ticks are stamped with [ns]; None in lock-step, where the loop counts."""
        return None if self._lock_step else self.get_clock().now().nanoseconds

    def _read_command(self, message: JointState) -> Command:
        self._arrived = time.perf_counter()
        self._inputs["joint_command"].touch()
        return messages.from_command(message, self._robot)

    def _read_button(self, message: Joy) -> bool:
        button = self._settings.driver.dead_man_button
        if button >= len(message.buttons):
            raise ConfigError(f"joy has {len(message.buttons)} buttons, driver.dead_man_button is {button}")
        return bool(message.buttons[button])

    def _on_dead_man(self, held: bool) -> None:
        if self._dead_man is not None:
            self._dead_man.hear(held, time.monotonic())

    def _poll_dead_man(self) -> None:
        if self._dead_man is not None:
            self._dead_man.poll(time.monotonic())

    def _watch_supervisor(self) -> None:
        """After whatever notices that this process itself was held up, and heard nobody."""
        missing = self._supervised.missing(time.monotonic())
        if missing and self._latch.armed:
            self._trip(missing)

    def _publish(self, tick: Tick | None) -> None:
        if tick is None:
            return
        last = self._publisher.last
        if last is not None and last.stamp != tick.stamp:
            self._ticks.touch()
            if tick.safety is not last.safety:
                self._log_safety(tick.safety)
        if last is None or tick.safety is not last.safety:
            self._state.publish(String(data=f"{tick.safety.name} {self._latch.reason}".strip()))
        self._publisher.publish(tick)

    def _log_safety(self, safety: SafetyState) -> None:
        # one call per severity: rclpy remembers the severity of every line that logs
        if safety is SafetyState.RUNNING:
            self.get_logger().info("safety state RUNNING")
        elif safety in latch.LATCHED:
            self.get_logger().error(f"safety state {safety.name}: {self._latch.reason}; call {CLEAR} to go on")
        else:
            self.get_logger().warning(f"safety state {safety.name}")

    def _report(self, problem: str) -> None:
        self._problem = problem
        self.get_logger().error(problem, throttle_duration_sec=1.0)
        self._diagnose()

    def _diagnose(self) -> None:
        values: dict[str, Any] = {
            "mode": self._settings.driver.mode,
            "safety state": self._latch.state.name,
            "fault": self._latch.reason,
            "commands refused": self._commands.refused,
        }
        level, text = OK, "inactive"
        if self._latch.latched:
            level, text = ERROR, self._latch.reason
        elif self._timer is not None:
            level, text = (OK, "active") if self._latch.armed else (WARN, f"disarmed; call {ARM}")
        values |= self._figures()
        if self._problem and level is OK:
            level, text = WARN, self._problem
        values |= self._ticks.describe("tick") | describe_durations("tick to command", self._response)
        for name, item in self._inputs.items():
            values |= item.describe(name)
        if self._dead_man is not None:
            values["dead man's switch"] = "held" if self._dead_man.held else "released"
        values |= self._gate.describe()
        self._diagnostics.publish(level, text, values)


def limits_of(driver: DriverSettings) -> Limits:
    """When a driver gives up in real time."""
    return Limits(driver.miss_limit, driver.miss_share, driver.unjudged_limit, driver.lost_time_limit)


def answered(response: Any, success: bool, message: str) -> Any:
    """A Trigger's response, filled in."""
    response.success, response.message = success, message
    return response
