# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver: moves the robot, opens the ticks, and holds the last word on every command."""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path
from typing import Any

from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Bool, Float64MultiArray, String
from std_srvs.srv import Trigger

from ros_rl.backends import Backend, make_backend
from ros_rl.errors import ConfigError, RosRlError, one_line
from ros_rl.nodes import messages, packets
from ros_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Input, describe_durations
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.qos import LATCHED, NEWEST, STATE
from ros_rl.nodes.running import create_timer, run
from ros_rl.nodes.safety_services import SafetyServices
from ros_rl.nodes.task_inputs import InputReader
from ros_rl.nodes.tick_publisher import TickPublisher
from ros_rl.runtime import latch
from ros_rl.runtime.dead_man import DeadMan
from ros_rl.runtime.driver_loop import make_driver_loop
from ros_rl.runtime.durations import Durations
from ros_rl.runtime.pacing import Limits, LockStep, Pacer, RealTime
from ros_rl.settings.driver import DriverSettings
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Command, SafetyState, Tick, Verdict

_MAY_CHANGE = tuple(
    f"driver.{name}" for name in ("miss_limit", "miss_share", "unjudged_limit", "lost_time_limit", "silence_limit")
)


class DriverNode(LifecycleNode):
    """Hosts a backend behind the tick contract.

    Unconfigured it holds no robot, inactive it opens no ticks, active it does.
    """

    def __init__(self) -> None:
        super().__init__("driver", **NODE_OPTIONS)
        parameters = declare_parameters(self, dict.fromkeys(_MAY_CHANGE, self._take_settings))
        self._settings = parameters.settings
        self._robot = self._settings.load_robot()
        driver = self._settings.driver
        file = Path(parameters.folder) / latch.FILE if parameters.folder else None
        self._latch = latch.Latch(file, driver.arms_itself, keep_faults=not driver.recovers)
        self._backend: Backend | None = None
        self._pacer: Pacer | None = None
        self._timer: Any = None
        self._allowance: int | None = None
        self._problem = ""
        self._inputs = {name: Input() for name in ("joint_command", "verdict", "step_allowance")}
        self._response = Durations()
        self._ticks = Input()
        self._diagnostics = Diagnostics(self)
        self._lock_step = self._settings.driver.mode == "lock_step"
        asked = self._settings.task.inputs
        noise = driver.backend.sensor_noise()
        known = vars(noise) if noise is not None else {}
        self._publisher = TickPublisher(self, self._robot, asked, simulated_time=self._lock_step, noise=known)
        gate = self._gate = Gate(self, self._settings, self._report)
        self._asked = InputReader(gate, self._robot, asked, self._give)
        self._commands = gate.subscribe(JointState, "joint_command", self._read_command, self._on_command, NEWEST)
        gate.subscribe(Float64MultiArray, "verdict", packets.from_verdict, self._on_verdict, STATE)
        gate.subscribe(Float64MultiArray, "step_allowance", packets.from_allowance, self._on_allowance, LATCHED)
        self._dead_man = DeadMan(self._latch, driver.dead_man_limit) if driver.dead_man != "none" else None
        if driver.dead_man == "topic":
            gate.subscribe(Bool, "dead_man", lambda message: bool(message.data), self._on_dead_man, NEWEST)
        elif driver.dead_man == "joy":
            gate.subscribe(Joy, "joy", self._read_button, self._on_dead_man, NEWEST)
        self._state = self.create_publisher(String, "safety_state", LATCHED)
        self.create_service(Trigger, "reset", self._reset)
        self._safety_services = SafetyServices(self, self._latch, self._be_safe, self._dead_man)
        create_timer(self, 1.0, self._diagnose)

    def _take_settings(self, settings: Settings) -> None:
        self._settings = settings
        if isinstance(self._pacer, RealTime):
            self._pacer.limits = _limits(settings.driver)
        elif isinstance(self._pacer, LockStep):
            self._pacer.silence_limit = settings.driver.silence_limit

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Open the link to the robot; nothing moves."""
        settings = self._settings
        try:
            self._backend = make_backend(settings, settings.seed)
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
            self._pacer = RealTime(loop, control.period, driver.recovers, _limits(driver))
        return super().on_configure(state)

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Open the first tick."""
        assert self._pacer is not None
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

    def told_to_stop(self) -> None:
        """Let nothing act any more, at once: whatever this process waits for, `close` may come late."""
        self._latch.disarm()
        self._be_safe()

    def close(self) -> None:
        """Release the robot, after its safe action, and end the services."""
        self._release()
        self._safety_services.close()

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

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self.destroy_timer(self._timer)
        self._timer = None

    @property
    def _active(self) -> Pacer | None:
        return self._pacer if self._timer is not None else None

    def _now(self) -> int | None:
        """The time that ticks are stamped with [ns]; None in lock-step, where the loop counts."""
        return None if self._lock_step else self.get_clock().now().nanoseconds

    def _read_command(self, message: JointState) -> Command:
        self._arrived = time.perf_counter()
        self._inputs["joint_command"].touch()
        return messages.from_command(message, self._robot)

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

    def _read_button(self, message: Joy) -> bool:
        button = self._settings.driver.dead_man_button
        if button >= len(message.buttons):
            raise ConfigError(f"joy has {len(message.buttons)} buttons, driver.dead_man_button is {button}")
        return bool(message.buttons[button])

    def _on_dead_man(self, held: bool) -> None:
        if self._dead_man is not None:
            self._dead_man.hear(held, time.monotonic())

    def _on_allowance(self, steps: int) -> None:
        self._inputs["step_allowance"].touch()
        self._allowance = steps
        if self._active is not None:
            self._publish(self._active.allow(self._allowance, time.monotonic()))

    def _give(self, name: str, value: Array) -> None:
        if self._pacer is not None:
            self._loop.give(name, value)

    def _poll(self) -> None:
        if self._dead_man is not None:
            self._dead_man.poll(time.monotonic())
        if self._active is not None:
            self._publish(self._active.poll(time.monotonic(), self.get_clock().now().nanoseconds))

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
            self.get_logger().error(f"safety state {safety.name}: {self._latch.reason}; call clear_fault to go on")
        else:
            self.get_logger().warning(f"safety state {safety.name}")

    def _reset(self, request: Any, response: Any) -> Any:
        """A new episode, unless a fault is latched."""
        if self._active is None:
            return _answer(response, False, "the driver is not active")
        if self._latch.latched:
            return _answer(response, False, f"call clear_fault first: {self._latch.reason}")
        if not self._latch.armed:
            return _answer(response, False, "the robot is disarmed; call arm first")
        self._publish(self._active.start(time.monotonic(), self._now()))
        return _answer(response, True, "a new episode has begun")

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
        elif self._active is not None:
            level, text = (OK, "active") if self._latch.armed else (WARN, "disarmed; call arm")
        if self._pacer is not None:
            loop = self._loop
            values |= {
                "deadline misses": self._pacer.misses,
                "late commands": self._pacer.late,
                "commands limited": loop.limited,
                "faults": loop.faults,
            }
        if isinstance(self._active, LockStep):
            values["waits for"] = self._active.waits_for()
        if isinstance(self._pacer, RealTime):
            values["periods too long"] = self._pacer.broken
        if self._problem and level is OK:
            level, text = WARN, self._problem
        values |= self._ticks.describe("tick") | describe_durations("tick to command", self._response)
        for name, item in self._inputs.items():
            values |= item.describe(name)
        if self._dead_man is not None:
            values["dead man's switch"] = "held" if self._dead_man.held else "released"
        values |= self._asked.describe() | self._gate.describe()
        self._diagnostics.publish(level, text, values)


def _limits(driver: DriverSettings) -> Limits:
    return Limits(driver.miss_limit, driver.miss_share, driver.unjudged_limit, driver.lost_time_limit)


def _answer(response: Any, success: bool, message: str) -> Any:
    response.success, response.message = success, message
    return response


def main() -> int:
    """Run the driver."""
    return run(DriverNode)


if __name__ == "__main__":
    sys.exit(main())
