# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver: moves the robot, opens the ticks, and holds the last word on every command."""

from __future__ import annotations

import sys
import time
import traceback
from typing import Any

from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger

from ros_rl.backends import Backend, make_backend
from ros_rl.errors import RosRlError
from ros_rl.nodes import messages, packets
from ros_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Durations, Input
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.qos import LATCHED, NEWEST, STATE
from ros_rl.nodes.running import create_timer, run
from ros_rl.nodes.task_inputs import InputReader
from ros_rl.nodes.tick_publisher import TickPublisher
from ros_rl.runtime.driver_loop import make_driver_loop
from ros_rl.runtime.pacing import LockStep, Pacer, RealTime
from ros_rl.types import Array, Command, SafetyState, Tick, Verdict


class DriverNode(LifecycleNode):
    """Hosts a backend behind the tick contract.

    Unconfigured it holds no robot, inactive it opens no ticks, active it does.
    """

    def __init__(self) -> None:
        super().__init__("driver", **NODE_OPTIONS)
        self._settings = declare_parameters(self).settings
        self._robot = self._settings.load_robot()
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
        self._publisher = TickPublisher(self, self._robot, asked, simulated_time=self._lock_step)
        gate = self._gate = Gate(self, self._settings, self._report)
        self._asked = InputReader(gate, self._robot, asked, self._give)
        self._commands = gate.subscribe(JointState, "joint_command", self._read_command, self._on_command, NEWEST)
        gate.subscribe(Float64MultiArray, "verdict", packets.from_verdict, self._on_verdict, STATE)
        gate.subscribe(Float64MultiArray, "step_allowance", packets.from_allowance, self._on_allowance, LATCHED)
        self.create_service(Trigger, "reset", self._reset)
        self.create_service(Trigger, "emergency_stop", self._emergency_stop)
        self.create_service(Trigger, "clear_fault", self._clear_fault)
        create_timer(self, 1.0, self._diagnose)

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Load the robot."""
        settings = self._settings
        try:
            self._backend = make_backend(settings, settings.seed)
        except RosRlError as error:
            self._report(str(error))
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # simulators and robots' libraries raise anything
            self.get_logger().error(traceback.format_exc())
            self._report(f"{settings.driver.backend_name}: {type(error).__name__}: {error}")
            return TransitionCallbackReturn.FAILURE
        driver, control = settings.driver, settings.control
        loop = make_driver_loop(settings, self._robot, self._backend, settings.seed, driver.recovers)
        self._loop = loop
        if self._lock_step:
            self._pacer = LockStep(loop, control.period, driver.recovers, driver.silence_limit)
        else:
            self._pacer = RealTime(loop, control.period, driver.recovers, driver.miss_limit)
        return super().on_configure(state)

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Reset the robot and open the first tick."""
        assert self._pacer is not None
        self._problem = ""
        self._publish(self._pacer.start(time.monotonic(), self._now()))
        if self._allowance is not None:
            self._pacer.allow(self._allowance, time.monotonic())
        self._timer = create_timer(self, self._settings.control.period, self._poll)
        return super().on_activate(state)

    def on_deactivate(self, state: Any) -> TransitionCallbackReturn:
        """Open no more ticks; the robot does its safe action once."""
        self._stop_timer()
        if self._backend is not None:
            self._backend.safe_step()
        return super().on_deactivate(state)

    def on_cleanup(self, state: Any) -> TransitionCallbackReturn:
        """Release the robot."""
        self.close()
        return super().on_cleanup(state)

    def on_shutdown(self, state: Any) -> TransitionCallbackReturn:
        """Release the robot."""
        self.close()
        return super().on_shutdown(state)

    def close(self) -> None:
        """Release the robot."""
        self._stop_timer()
        if self._backend is not None:
            self._backend.close()
        self._backend = self._pacer = None

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

    def _on_allowance(self, steps: int) -> None:
        self._inputs["step_allowance"].touch()
        self._allowance = steps
        if self._active is not None:
            self._publish(self._active.allow(self._allowance, time.monotonic()))

    def _give(self, name: str, value: Array) -> None:
        if self._pacer is not None:
            self._loop.give(name, value)

    def _poll(self) -> None:
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
        self._publisher.publish(tick)

    def _log_safety(self, safety: SafetyState) -> None:
        # one call per severity: rclpy remembers the severity of every line that logs
        if safety is SafetyState.RUNNING:
            self.get_logger().info("safety state OK")
        else:
            self.get_logger().error(f"safety state {safety.name}: {self._loop.fault}")

    def _reset(self, request: Any, response: Any) -> Any:
        """A new episode, unless a fault is latched."""
        if self._active is None:
            return _answer(response, False, "the driver is not active")
        if self._loop.safety is not SafetyState.RUNNING:
            return _answer(response, False, f"call clear_fault first: {self._loop.fault}")
        self._publish(self._active.start(time.monotonic(), self._now()))
        return _answer(response, True, "a new episode has begun")

    def _emergency_stop(self, request: Any, response: Any) -> Any:
        """Stop in every state; latched."""
        if self._pacer is None:
            return _answer(response, True, "the driver holds no robot, nothing moves")
        self._loop.emergency_stop()
        if self._active is not None:
            self._publish(self._loop.advance(stamp=self._now()))
        return _answer(response, True, "stopped until clear_fault is called")

    def _clear_fault(self, request: Any, response: Any) -> Any:
        """Unlatch, and begin a new episode."""
        if self._active is None:
            return _answer(response, False, "the driver is not active")
        was = self._loop.fault
        if not was:
            return _answer(response, True, "there was no fault")
        self._publish(self._active.start(time.monotonic(), self._now()))
        return _answer(response, True, f"cleared: {was}")

    def _report(self, problem: str) -> None:
        self._problem = problem
        self.get_logger().error(problem, throttle_duration_sec=1.0)
        self._diagnose()

    def _diagnose(self) -> None:
        values: dict[str, Any] = {"mode": self._settings.driver.mode, "commands refused": self._commands.refused}
        level, text = OK, "inactive"
        if self._pacer is not None:
            loop = self._loop
            values |= {
                "safety state": loop.safety.name,
                "fault": loop.fault,
                "deadline misses": self._pacer.misses,
                "late commands": self._pacer.late,
                "commands limited": loop.limited,
                "faults": loop.faults,
            }
        if self._active is not None:
            faulty = self._loop.safety is not SafetyState.RUNNING
            level, text = (ERROR, self._loop.fault) if faulty else (OK, "active")
            if isinstance(self._pacer, LockStep):
                values["waits for"] = self._pacer.waits_for()
        if self._problem and level is OK:
            level, text = WARN, self._problem
        values |= self._ticks.describe("tick") | self._response.describe("tick to command")
        for name, item in self._inputs.items():
            values |= item.describe(name)
        values |= self._asked.describe() | self._gate.describe()
        self._diagnostics.publish(level, text, values)


def _answer(response: Any, success: bool, message: str) -> Any:
    response.success, response.message = success, message
    return response


def main() -> int:
    """Run the driver."""
    return run(DriverNode)


if __name__ == "__main__":
    sys.exit(main())
