# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Takes the robot's states, in their order, and keeps what the driver is told of them."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.motor_process.bus import MotorState
from ros_rl.backends.motor_process.spec import MotorSpec
from ros_rl.types import Array

_RUNS_OVER = 1 << 32
_RESTARTED = 5  # states in a row, each later than the one before, all before the newest that was taken
_LONGEST = 0.05  # s; a gap in the states counts as no more, since nobody knows what happened meanwhile
_VECTORS = (
    "position",
    "velocity",
    "effort",
    "temperature",
    "orientation",
    "angular_velocity",
    "linear_acceleration",
    "foot_force",
)


class Intake:
    """Writes states into the report.

    Args:
        spec: The robot, and what it may be.
        report: The loop's record for the driver.
    """

    def __init__(self, spec: MotorSpec, report: np.void) -> None:
        self._spec, self._report = spec, report
        self._estimator = spec.estimator(spec.robot) if spec.estimator is not None else None
        self._backwards, self._before = 0, -1
        self._newest: MotorState | None = None
        self._position: Array | None = None
        robot = spec.robot
        self._way_per_tick = spec.bus.tick_seconds * robot.safety.velocity * robot.limits.velocity
        self._fault = ""

    def take(self, state: MotorState) -> None:
        """Take a state, unless it is not a later one or not made of numbers."""
        report = self._report
        if report["sequence"] and not self._is_next(state.tick):
            report["disordered"] += 1
            return
        wrong = next((name for name in _VECTORS if not np.isfinite(getattr(state, name)).all()), None)
        if wrong is not None:
            self._fault = f"the robot reports a {wrong.replace('_', ' ')} that is not finite: {getattr(state, wrong)}"
            return
        self._fault = self._fault or self._jumped(state)
        report["sequence"] += 1
        report["tick"] = state.tick
        self._newest = state
        self._fault = self._fault or state.fault or self._too_hot(state)

    def settle(self, now: float) -> None:
        """Write the newest of the states that were taken since the last call into the report, if there is one."""
        report, state = self._report, self._newest
        if state is None:
            return
        for name in _VECTORS:
            report[name] = getattr(state, name)
        passed = min(now - float(report["received"]), _LONGEST) if report["received"] else 1.0 / self._spec.rate_hz
        report["received"], self._newest = now, None
        self._add_up(state, passed)

    def fault(self) -> str:
        """What the states since the last call said is wrong; empty if nothing."""
        fault, self._fault = self._fault, ""
        return fault

    def blind(self, now: float) -> str:
        """Why the robot's state is not known; empty if it is."""
        if not self._report["sequence"]:
            return "the robot has sent no state"
        age = now - float(self._report["received"])
        if age <= self._spec.silence:
            return ""
        return f"the robot has sent no state for {age:.3f} s, limit {self._spec.silence:g} s"

    def _is_next(self, tick: int) -> bool:
        """Whether it is later than the newest; a robot that begins anew is followed after some states."""
        newest = int(self._report["tick"])
        if 0 < (tick - newest) % _RUNS_OVER < _RUNS_OVER // 2:
            self._backwards = 0
            return True
        later = 0 < (tick - self._before) % _RUNS_OVER < _RUNS_OVER // 2
        self._backwards = self._backwards + 1 if later or not self._backwards else 0
        self._before = tick
        if self._backwards < _RESTARTED:
            return False
        self._backwards = 0
        self._fault = f"the robot has started anew: its tick went from {newest} back to {tick}"
        self._report["tick"] = tick
        if self._estimator is not None:
            self._estimator.reset()
        return False

    def _jumped(self, state: MotorState) -> str:
        """A position that no joint reaches since the last state tells of a broken encoder, whoever looks when."""
        before, self._position = self._position, state.position
        if before is None:
            return ""
        ticks = (state.tick - int(self._report["tick"])) % _RUNS_OVER + 1  # both ends are rounded
        moved, limit = np.abs(state.position - before), ticks * self._way_per_tick
        worst = int(np.argmax(moved / limit))
        if moved[worst] <= limit[worst]:
            return ""
        return (
            f"{self._spec.robot.joints[worst]} moved by {moved[worst]:.2f} rad from one state to the next, limit "
            f"{limit[worst]:.2f} rad: is its encoder broken?"
        )

    def _too_hot(self, state: MotorState) -> str:
        robot, hottest = self._spec.robot, int(np.argmax(state.temperature))
        if state.temperature[hottest] <= robot.safety.temperature:
            return ""
        return (
            f"motor of {robot.joints[hottest]} has {state.temperature[hottest]:.0f} degC, limit "
            f"{robot.safety.temperature:g} degC: let it cool down"
        )

    def _add_up(self, state: MotorState, passed: float) -> None:
        report = self._report
        report["time"] += passed
        report["acceleration_sum"] += passed * state.linear_acceleration
        if self._estimator is None:
            return
        estimate = self._estimator.update(
            passed,
            state.position,
            state.velocity,
            state.orientation,
            state.angular_velocity,
            state.linear_acceleration,
            state.foot_force > self._spec.contact,
        )
        report["base_position"], report["base_velocity"] = estimate.position, estimate.linear_velocity
        report["base_velocity_sum"] += passed * estimate.linear_velocity
