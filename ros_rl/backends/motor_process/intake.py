# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Takes the robot's states, in their order, and keeps what the driver is told of them."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.legged_odometry import LeggedOdometry
from ros_rl.backends.motor_process.bus import MotorState
from ros_rl.backends.motor_process.records import MEASURED, measured_in
from ros_rl.backends.motor_process.spec import MotorSpec
from ros_rl.backends.motor_process.tick_unit import RUNS_OVER, TickUnit
from ros_rl.errors import beyond
from ros_rl.types import Array

_RESTARTED = 5  # states in a row, each later than the one before, all before the newest that was taken
_LONGEST = 0.05  # s; a gap in the states counts as no more, since nobody knows what happened meanwhile
_ESTIMATES = 0.004  # s from one estimate of the base's motion to the next, as in simulation


class Intake:
    """Writes states into the report.

    Args:
        spec: The robot, and what it may be.
        report: The loop's record for the driver, shape (1,).
    """

    def __init__(self, spec: MotorSpec, report: np.ndarray) -> None:
        self._spec = spec
        self._report = {name: report[name] for name in report.dtype.names or ()}  # to look them up costs more
        self._measured, self._values = measured_in(report), np.zeros(0)
        self._sequence = self._tick = self._disordered = 0
        self._received = self._unused = 0.0
        self._force, self._velocity = np.zeros(3), np.zeros(3)
        self._estimator = spec.estimator(spec.robot) if spec.estimator is not None else None
        self._backwards, self._before = 0, -1
        self._newest: MotorState | None = None
        self._position: Array | None = None
        self._unit, self._fastest = TickUnit(spec.bus.tick_units), spec.robot.fastest
        self._fault = ""

    def take(self, state: MotorState) -> bool:
        """Take a state, unless it is not a later one or not made of numbers; says whether."""
        if self._sequence and not self._is_next(state.tick):
            self._disordered += 1
            return False
        parts = [getattr(state, name) for name in MEASURED]
        values = np.concatenate(parts)
        if not np.isfinite(values).all():
            wrong, part = next(pair for pair in zip(MEASURED, parts, strict=True) if not np.isfinite(pair[1]).all())
            self._fault = f"the robot reports a {wrong.replace('_', ' ')} that is not finite: {part}"
            return False
        self._fault = self._fault or self._jumped(state)
        self._sequence += 1
        self._tick, self._newest, self._values = state.tick, state, values
        self._fault = self._fault or state.fault or self._too_hot(state)
        return True

    def settle(self, now: float) -> None:
        """Write the newest of the states that were taken since the last call into the report, if there is one."""
        report, state = self._report, self._newest
        report["disordered"][0], report["tick"][0] = self._disordered, self._tick
        if state is None:
            return
        self._measured[:] = self._values
        self._unit.count(state.tick, now)
        report["tick_seconds"][0] = self._unit.seconds if self._unit.known else np.inf
        passed = min(now - self._received, _LONGEST) if self._received else 1.0 / self._spec.rate_hz
        report["sequence"][0], report["received"][0] = self._sequence, now
        self._received, self._newest = now, None
        self._add_up(state, passed)

    def fault(self) -> str:
        """What the states since the last call said is wrong; empty if nothing."""
        fault, self._fault = self._fault, ""
        return fault

    def blind(self, now: float) -> str:
        """Why the robot's state is not known; empty if it is."""
        if not self._sequence:
            return "the robot has sent no state"
        age = now - self._received
        if age <= self._spec.silence:
            return ""
        return f"the robot has sent no state for {beyond(age, self._spec.silence, 3)} s, limit {self._spec.silence:g} s"

    def _is_next(self, tick: int) -> bool:
        """Whether it is later than the newest; a robot that begins anew is followed after some states."""
        newest = self._tick
        if 0 < (tick - newest) % RUNS_OVER < RUNS_OVER // 2:
            self._backwards = 0
            return True
        later = 0 < (tick - self._before) % RUNS_OVER < RUNS_OVER // 2
        self._backwards = self._backwards + 1 if later or not self._backwards else 0
        self._before = tick
        if self._backwards < _RESTARTED:
            return False
        self._backwards = 0
        self._fault = f"the robot has started anew: its tick went from {newest} back to {tick}"
        self._tick = tick
        if self._estimator is not None:
            self._estimator.reset()
        return False

    def _jumped(self, state: MotorState) -> str:
        """A position that no joint reaches since the last state tells of a broken encoder, whoever looks when."""
        before, self._position = self._position, state.position
        if before is None:
            return ""
        ticks = (state.tick - self._tick) % RUNS_OVER + 1  # both ends are rounded
        moved, limit = np.abs(state.position - before), ticks * self._unit.seconds * self._fastest
        if not (moved > limit).any():
            return ""
        worst = int(np.argmax(moved / limit))
        return (
            f"{self._spec.robot.joints[worst]} moved by {moved[worst]:.2f} rad from one state to the next, limit "
            f"{limit[worst]:.2f} rad: is its encoder broken?"
        )

    def _too_hot(self, state: MotorState) -> str:
        robot = self._spec.robot
        if not (state.temperature > robot.safety.temperature).any():
            return ""
        hottest = int(np.argmax(state.temperature))
        return (
            f"motor of {robot.joints[hottest]} has {state.temperature[hottest]:.0f} degC, limit "
            f"{robot.safety.temperature:g} degC: let it cool down"
        )

    def _add_up(self, state: MotorState, passed: float) -> None:
        report, pushed = self._report, passed * state.linear_acceleration
        report["time"][0] += passed
        report["acceleration_sum"][0] += pushed
        if self._estimator is None:
            return
        self._unused, self._force = self._unused + passed, self._force + pushed
        if self._unused >= 0.75 * _ESTIMATES:
            self._estimate(self._estimator, state)
        report["base_velocity_sum"][0] += passed * self._velocity

    def _estimate(self, estimator: LeggedOdometry, state: MotorState) -> None:
        estimate = estimator.update(
            self._unused,
            state.position,
            state.velocity,
            state.orientation,
            state.angular_velocity,
            self._force / self._unused,
            state.foot_force > self._spec.contact,
        )
        self._unused, self._force, self._velocity = 0.0, np.zeros(3), estimate.linear_velocity
        self._report["base_position"][0], self._report["base_velocity"][0] = estimate.position, self._velocity
