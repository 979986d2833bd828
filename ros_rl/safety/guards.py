# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The guards on a robot's state, period by period: what one measurement tells, and what only several together do."""

from __future__ import annotations

import math

import numpy as np

from ros_rl.errors import apart, beyond
from ros_rl.robot import EFFORT, POSITION, VELOCITY, Robot
from ros_rl.safety.standing import Standing
from ros_rl.safety.state import tripped_guard, worst_joint
from ros_rl.safety.workspace import workspace_of
from ros_rl.types import Array, Measurement

_SAME = 1e-9
_DOUBTED = 0.5  # s
_NOISE = 0.01  # m, by which a measured point may seem to go on


class Guards:
    """Judges every measurement, and remembers what it needs for the next. ``docs/safety.md`` lists all guards.

    Args:
        robot: Whose limits hold.
        period: Control period [s].
    """

    def __init__(self, robot: Robot, period: float) -> None:
        self._robot, self._period = robot, period
        safety, limits = robot.safety, robot.limits
        allowed = {
            POSITION: np.full(robot.size, safety.joint_error),
            VELOCITY: safety.velocity_error * limits.velocity,
            EFFORT: safety.effort_error * limits.effort,
        }
        self._followed = [
            (kind, robot.commanded_by(kind), allowed[kind]) for kind in allowed if kind in robot.interfaces
        ]
        self._standing = Standing(robot, period)
        self._late = max(period, robot.safety.stale / 2.0) + _SAME
        self._workspace = workspace_of(robot)
        self.reset()

    def reset(self) -> None:
        """Forget all that was measured: the robot was put elsewhere, or begins anew."""
        self._sequence: int | None = None
        self._repeated = 0
        self._age = self._doubted = 0.0  # s
        self._position: Array | None = None
        self._since = 0.0
        self._least_depth = math.inf
        self._standing.reset()
        self._rest()

    def _rest(self) -> None:
        """Forget how the joints followed their commands."""
        size = self._robot.size
        self._above, self._below = (np.zeros(size, dtype=int) for _ in range(2))
        self._standing.rest()

    @property
    def doubts(self) -> bool:
        """Whether the newest state is none to go on by: it is late, half of `stale` and a period, or stands."""
        return self._newest_age > self._late or self._standing.suspects

    @property
    def lateness(self) -> str:
        """That states have been late for too long, or too often, for a robot that each of them holds; empty: no."""
        allowed = max(_DOUBTED, 2.0 * self._robot.safety.stale)
        if self._doubted <= allowed + _SAME:
            return ""
        return (
            f"states come late: more than {self._late:.3g} s old for {self._doubted:.2g} s, or too often, the newest "
            f"{self._newest_age:.3g} s; allowed: {allowed:.3g} s, or one in five"
        )

    def check(
        self,
        measurement: Measurement,
        command: Array,
        *,
        age: float = 0.0,
        sequence: int | None = None,
        acting: bool = True,
        elapsed: float | None = None,
    ) -> str | None:
        """Why the robot is to be stopped; None if nothing speaks against going on.

        Args:
            measurement: The newest state.
            command: What acted during the period that ended here, shape (joints,).
            age: Of the measurement [s].
            sequence: Number of the reading it came with, a new one for each; None if readings are not numbered.
            acting: Whether the command acted; without one (disarmed, safe action) joints follow nothing.
            elapsed: Since the last check [s]; None for a period.
        """
        fresh = sequence is None or sequence != self._sequence
        self._sequence, self._repeated = sequence, 0 if fresh else self._repeated + 1
        self._age = abs(age)
        passed = self._period if elapsed is None else elapsed
        self._since += passed
        self._count_lateness(passed if acting else 0.0)
        reason = self._too_old(age) or tripped_guard(self._robot, measurement)
        if reason is not None or not fresh:
            return reason
        position, before, since = measurement["joint_position"].copy(), self._position, self._since
        self._position, self._since = position, 0.0
        moved = None if before is None else position - before
        reason = self._strayed(position)
        if reason is not None:
            return reason
        if not acting:
            self._rest()
            return self._jumped(moved, since)
        velocity = None if moved is None else moved / since
        reason = self._jumped(moved, since) or self._astray(self._errors(measurement, command, velocity), command)
        if reason is not None or moved is None:
            return reason
        return self._standing.check(measurement, command, moved, since)

    @property
    def _newest_age(self) -> float:
        """How old the newest state is [s]: as it is said to be, or as long as the same one has been repeated."""
        return max(self._age, self._repeated * self._period)

    def _count_lateness(self, passed: float) -> None:
        late = self._newest_age > self._late
        self._doubted = self._doubted + passed if late else max(0.0, self._doubted - passed / 4.0)

    def _strayed(self, position: Array) -> str | None:
        """A link that goes on towards where it may not be; one that was found there may come back."""
        if self._workspace is None:
            return None
        depth, text = self._workspace.depth(position)
        self._least_depth = min(self._least_depth, depth)
        most = max(self._robot.safety.workspace_margin, self._least_depth + _NOISE)
        return text if depth > most else None

    def _too_old(self, age: float) -> str | None:
        """By its own age, which may be wrong in both directions, or because it is the same reading again and again."""
        stale = self._robot.safety.stale
        if not abs(age) <= stale:
            return f"the newest state is {beyond(age, stale, 3)} s old, limit {stale:g} s"
        standing = self._repeated * self._period
        if standing > stale + _SAME:
            return f"the state is frozen: no new reading for {beyond(standing, stale, 3)} s, limit {stale:g} s"
        return None

    def _jumped(self, moved: Array | None, since: float) -> str | None:
        """Positions that no joint can reach in the time tell of a broken encoder, whatever velocities are measured."""
        if moved is None:
            return None
        most = self._robot.fastest * since
        joint, worst = worst_joint(self._robot, np.abs(moved) / most)
        if abs(moved[worst]) <= most[worst]:
            return None
        shown, limit = apart(abs(moved[worst]), most[worst], 2)
        return f"{joint} moved by {shown} rad in {since:.3f} s, limit {limit} rad"

    def _errors(self, measurement: Measurement, command: Array, mean_velocity: Array | None) -> Array:
        """Distance of each joint from its command, in multiples of what may last; 0 where it is not measured."""
        measured = {
            POSITION: measurement["joint_position"],
            VELOCITY: measurement.get("joint_velocity", mean_velocity),
            EFFORT: measurement.get("joint_effort"),
        }
        errors = np.zeros(self._robot.size)
        for kind, joints, allowed in self._followed:
            value = measured[kind]
            if value is not None:
                errors[joints] = ((value - command) / allowed)[joints]
        return errors

    def _astray(self, errors: Array, command: Array) -> str | None:
        """A joint that stays away from its command to one side does not follow it."""
        self._above = np.where(errors > 1.0, self._above + 1, 0)
        self._below = np.where(errors < -1.0, self._below + 1, 0)
        runs = np.maximum(self._above, self._below)
        joint, worst = worst_joint(self._robot, runs)
        lasted = runs[worst] * self._period
        if not runs[worst] or lasted < self._robot.safety.tracking_time - _SAME:
            return None
        kind = self._robot.interfaces[worst]
        return (
            f"{joint} does not follow its {kind} command {command[worst]:.2f}: for {lasted:.2f} s it is "
            f"{abs(errors[worst]):.2f} times as far from it as {_KEYS[kind]} allows"
        )


_KEYS = {POSITION: "joint_error", VELOCITY: "velocity_error", EFFORT: "effort_error"}
