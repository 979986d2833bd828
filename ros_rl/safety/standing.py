# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Guards on what stands though it was told to move: the whole state, all joints, one encoder, or a blocked joint."""

from __future__ import annotations

import math

import numpy as np

from ros_rl.robot import POSITION, VELOCITY, Robot
from ros_rl.safety.state import worst_joint
from ros_rl.types import Array, Measurement

_MOVING = 0.5  # share of a joint's largest action from which it is told to move
_SAME = 1e-9
_IMU = ("imu_orientation", "imu_angular_velocity")
_SHARE = 1 / 3  # of the joints, but at least two, that have to be told to move
_MOVES = 1 / 3  # of the way, that one joint does in a period: then the robot moves
_STAYS = 0.1  # of the way; joints that are told to go less are told to stay
_IDLE = 5.0  # times the way after which a state is a frozen one; joints that do a tenth of it stand
_FORGETS = 1.0  # s, in which 1 - 1/e of missing motion is forgotten


class Standing:
    """Compares what joints were told with what they did.

    Args:
        robot: Whose joints.
        period: Control period [s].
    """

    def __init__(self, robot: Robot, period: float) -> None:
        self._frozen = _Frozen(robot, period)
        self._guards = (self._frozen, _Idle(robot, period), _Blocked(robot, period), _Dead(robot, period))
        self._by_velocity, self._ramp = robot.commanded_by(VELOCITY), robot.command_ramp
        self._last: Array | None = None
        self.reset()

    def reset(self) -> None:
        """Forget all. What has not moved since is not frozen or idle, as motors may need time to begin."""
        self._last = None
        for guard in self._guards:
            guard.reset()

    def rest(self) -> None:
        """Nothing is asked of the joints."""
        self._last = None
        for guard in self._guards:
            guard.rest()

    @property
    def suspects(self) -> bool:
        """Whether the newest state is the one before once more, of a robot that moved and was told to go on."""
        return self._frozen.suspects

    def check(self, measurement: Measurement, command: Array, moved: Array, passed: float) -> str | None:
        """Why the robot is to be stopped; None if nothing speaks against going on.

        Args:
            measurement: The newest state.
            command: What acted since the last, shape (joints,).
            moved: How far the joints were measured to go since the last [rad], shape (joints,).
            passed: Since the last [s].
        """
        told = self._mean(command)
        for guard in self._guards:
            reason = guard.check(measurement, told, moved, passed)
            if reason is not None:
                return reason
        return None

    def _mean(self, command: Array) -> Array:
        """A command with its mean velocities over the period, in which they ramp from the last ones."""
        last, self._last = self._last, command.copy()
        if last is None:
            return command
        return np.where(self._by_velocity, command + self._ramp / 2 * (last - command), command)


class _Told:
    """How far joints were told to go since they stand; those with effort commands nowhere.

    Time in which they are told to stay does not count.
    """

    def __init__(self, robot: Robot, period: float) -> None:
        self._robot, self._period = robot, period
        self._by_position, self._by_velocity = robot.commanded_by(POSITION), robot.commanded_by(VELOCITY)
        self._least = max(2, math.ceil(_SHARE * robot.size))
        self._way, self._from = np.zeros(robot.size), np.zeros(robot.size)
        self._stood, self._limit, self._far = 0.0, math.inf, False

    def reset(self) -> None:
        self._limit = math.inf
        self.rest()

    def rest(self) -> None:
        self._stood, self._far = 0.0, False
        self._way[:] = 0.0

    def _begin(self, command: Array, limit: float) -> None:
        """They stand from now on, for at most so long [s]; infinite for what has not moved yet."""
        self._stood, self._limit, self._far = 0.0, limit, False
        self._way[:] = 0.0
        self._from[:] = command

    def _stands(self, command: Array, passed: float, way: float) -> str:
        """How far which joint was told to go, in words; empty if that is too little or not for long enough."""
        self._stood += passed
        self._way += np.where(self._by_velocity, passed * command, 0.0)
        told = np.abs(self._way + np.where(self._by_position, command - self._from, 0.0))
        if np.count_nonzero(told >= _STAYS * way) < self._least:
            self._begin(command, self._limit if self._limit == math.inf else self._robot.safety.frozen)
            return ""
        self._far = bool(np.count_nonzero(told >= way) >= self._least)
        if self._stood < self._limit - _SAME or not self._far:
            return ""
        joint, worst = worst_joint(self._robot, told)
        return f"{joint} was told to go {told[worst]:.3f} rad"


class _Frozen(_Told):
    """Positions and IMU are the same to the last bit, all of them, while several joints were told to go somewhere.

    Joints that moved do not stop together in an instant: then it takes as long as a state may be old, and with an IMU,
    which never rests, one reading. From rest a robot may need a while to begin.
    """

    def __init__(self, robot: Robot, period: float) -> None:
        super().__init__(robot, period)
        imu = tuple(name for name in _IMU if name in robot.sensors)
        self._witnesses = ("joint_position", *imu)
        sudden = period if imu else max(robot.safety.stale, 2.0 * period)
        self._sudden = min(sudden, robot.safety.frozen)
        self._seen, self._moves, self._moved = b"", False, False

    @property
    def suspects(self) -> bool:
        """Whether joints that moved were told to go on and stand, however short a time."""
        return self._far and self._moved

    def reset(self) -> None:
        super().reset()
        self._seen, self._moves = b"", False

    def _begin(self, command: Array, limit: float) -> None:
        super()._begin(command, limit)
        self._moved = False

    def check(self, measurement: Measurement, command: Array, moved: Array, passed: float) -> str | None:
        safety = self._robot.safety
        seen = b"".join([measurement[name].tobytes() for name in self._witnesses])
        if seen != self._seen:
            moves, moved_before = bool((np.abs(moved) >= _MOVES * safety.frozen_way).any()), self._moves
            from_rest = safety.frozen if self._seen else math.inf
            self._begin(command, self._sudden if moves or moved_before else from_rest)
            self._seen, self._moves, self._moved = seen, moves, moves or moved_before
            return None
        told = self._stands(command, passed, safety.frozen_way)
        if not told:
            return None
        return f"the state is frozen: for {self._stood:.2f} s all is measured the same to the last bit, while {told}"


class _Idle(_Told):
    """No joint goes anywhere, but for noise, while several were told to go far: blocked, deaf, or without power."""

    def __init__(self, robot: Robot, period: float) -> None:
        self._went, self._begun = np.zeros(robot.size), False
        super().__init__(robot, period)
        self._idle_way = _IDLE * robot.safety.frozen_way

    def reset(self) -> None:
        super().reset()
        self._begun = False

    def rest(self) -> None:
        super().rest()
        self._went[:] = 0.0

    def check(self, measurement: Measurement, command: Array, moved: Array, passed: float) -> str | None:
        self._went += moved
        if not self._begun or np.abs(self._went).max() > 0.1 * self._idle_way:
            limit = self._robot.safety.frozen if self._begun else math.inf
            self._begin(command, limit)
            self._went[:] = 0.0
            self._begun = True
            return None
        told = self._stands(command, passed, self._idle_way)
        if not told:
            return None
        return f"no joint has moved for {self._stood:.2f} s, though {told}: is the robot blocked, or does it not hear?"


class _Blocked:
    """A joint under velocity commands that keeps falling short of them, or is pushed, adds up what is missing."""

    def __init__(self, robot: Robot, period: float) -> None:
        self._robot, self._by_velocity = robot, robot.commanded_by(VELOCITY)
        self._keeps = math.exp(-period / _FORGETS)
        self._missing = np.zeros(robot.size)

    def reset(self) -> None:
        self.rest()

    def rest(self) -> None:
        self._missing[:] = 0.0

    def check(self, measurement: Measurement, command: Array, moved: Array, passed: float) -> str | None:
        most = self._robot.safety.missing_way
        if most == math.inf:
            return None
        self._missing = self._keeps * self._missing + np.where(self._by_velocity, passed * command - moved, 0.0)
        joint, worst = worst_joint(self._robot, np.abs(self._missing))
        if abs(self._missing[worst]) <= most:
            return None
        return (
            f"{joint} is blocked or pushed: of the way that it was told to go {abs(self._missing[worst]):.2f} rad are "
            f"missing, limit {most:g} rad"
        )


class _Dead:
    """A joint that is told to move and is read at the very same place, to the last bit, is dead or stuck.

    Where it pushes against its own position limit it may stand.
    """

    def __init__(self, robot: Robot, period: float) -> None:
        self._robot, self._period, self._by_position = robot, period, robot.commanded_by(POSITION)
        self._readings = np.zeros(robot.size, dtype=int)

    def reset(self) -> None:
        self.rest()

    def rest(self) -> None:
        self._readings = np.zeros(self._robot.size, dtype=int)

    def check(self, measurement: Measurement, command: Array, moved: Array, passed: float) -> str | None:
        robot, safety, position = self._robot, self._robot.safety, measurement["joint_position"]
        asked = (command - np.where(self._by_position, position, 0.0)) / robot.scale
        at_upper = (position > robot.limits.upper - safety.joint_margin) & (asked > 0.0)
        at_lower = (position < robot.limits.lower + safety.joint_margin) & (asked < 0.0)
        told = (np.abs(asked) >= _MOVING) & ~at_upper & ~at_lower
        self._readings = np.where(moved == 0.0, self._readings + told, 0)
        joint, worst = worst_joint(robot, self._readings)
        lasted = self._readings[worst] * self._period
        if not self._readings[worst] or lasted < safety.frozen - _SAME:
            return None
        return (
            f"{joint} is frozen: told to move for {lasted:.2f} s, it is measured at {position[worst]:.5f} all the time"
        )
