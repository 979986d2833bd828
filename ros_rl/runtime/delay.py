# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How late a robot does what it is told, from a small motion of one joint back and forth.

A set point goes through the same filter as any command, in position or in velocity, and the same guards look at what it
does at the end of each period. Its position, as it was written, is compared with the joint's, as it was read, both by
the steady clock. The shift in time under which both correlate
best is the latency: of the way there, of the joint's own controller, and of the way back.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ros_rl.backends.backend import Backend, Reading
from ros_rl.errors import BackendError
from ros_rl.robot import EFFORT, VELOCITY, Robot
from ros_rl.safety import CommandFilter, Guards
from ros_rl.types import Array

SECONDS = 4.0
"""Of the motion [s]."""
_HERTZ = (0.7, 1.9)  # two frequencies, so that no shift by a whole wave looks as good
_GRID = 0.001  # s, of the comparison
_LONGEST = 0.5  # s, of the latencies that are looked for
_SURE = 0.8  # correlation below which nothing is concluded
_STEPS_SECONDS = 0.002  # between two looks at the robot
_HOLDS = 2.0  # control periods


@dataclass(frozen=True)
class Delay:
    """What was found.

    Attributes:
        latency: From writing a target to measuring its motion [s].
        correlation: Of both positions at that shift; 1 if they are the same.
        periods: The same in control periods.
    """

    latency: float
    correlation: float
    periods: float

    @property
    def setting(self) -> int:
        """What ``control.delay`` is to be: one period for deciding, and whole periods of latency beyond half of one."""
        return 1 + math.floor(self.periods + 0.5)


def measure_delay(
    backend: Backend,
    robot: Robot,
    period: float,
    joint: int,
    amplitude: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Delay:
    """Move one joint of an armed robot a little and back, leave it where it was, and do the safe action.

    Args:
        backend: Armed, at rest.
        robot: What it is.
        period: Control period [s].
        joint: Which one moves.
        amplitude: How far from where it stands [rad or m].
        clock: The steady clock [s].
        sleep: Waits [s].

    Raises:
        BackendError: The robot reports a fault, a guard trips, a target expires since this program was held up, or the
            joint does not move, or otherwise than told.
    """
    if robot.interfaces[joint] == EFFORT:
        raise BackendError(f"{robot.joints[joint]} takes efforts, whose motion tells no delay")
    guards, filter_ = Guards(robot, period), CommandFilter(robot, period)
    written: list[tuple[float, float]] = []
    read: list[tuple[float, float]] = []
    try:
        reading = backend.read()
        start = reading.measurement["joint_position"].copy()
        value = rest = robot.holding(start)
        filter_.reset(rest)
        begin = due = looked = clock()
        last = -1
        while (now := clock()) - begin < SECONDS + _LONGEST:
            reading = backend.read()
            if reading.sequence != last:
                last = reading.sequence
                read.append((now - reading.age, float(reading.measurement["joint_position"][joint])))
            if reading.health or now >= due:
                _stop_if_unfit(guards, reading, value, acting=bool(written), elapsed=now - looked)
                looked = now
            if now >= due:
                _stop_if_late(now - due, period)
                due += period
                command = rest.copy()
                command[joint] += _wanted(robot, joint, now - begin, amplitude)
                value = filter_(command, reading.measurement["joint_position"]).value
                backend.write(value, now + _HOLDS * period)
                written.append((now, float(value[joint])))
            sleep(_STEPS_SECONDS)
    finally:
        backend.safe()
    return _compare(robot, period, joint, np.array(written), np.array(read))


def _stop_if_unfit(guards: Guards, reading: Reading, sent: Array, acting: bool, elapsed: float) -> None:
    command = sent if reading.applied is None else reading.applied
    tripped = guards.check(
        reading.measurement, command, age=reading.age, sequence=reading.sequence, acting=acting, elapsed=elapsed
    )
    if reading.health or tripped:
        raise BackendError(reading.health or tripped or "")


def _stop_if_late(late: float, period: float) -> None:
    """A target that has expired is not to be followed by another, as if nothing had been."""
    if late > (_HOLDS - 1.0) * period:
        raise BackendError(
            f"this program was held up for {late:.3f} s, in which the robot's target expired: end what else runs here"
        )


def _wanted(robot: Robot, joint: int, elapsed: float, amplitude: float) -> float:
    """Offset of the command: two waves that begin and end at rest."""
    if elapsed >= SECONDS:
        return 0.0
    fade = math.sin(math.pi * elapsed / SECONDS) ** 2
    waves = [2.0 * math.pi * hertz for hertz in _HERTZ]
    if robot.interfaces[joint] == VELOCITY:
        return 0.5 * amplitude * fade * sum(rate * math.cos(rate * elapsed) for rate in waves)
    return 0.5 * amplitude * fade * sum(math.sin(rate * elapsed) for rate in waves)


def _compare(robot: Robot, period: float, joint: int, written: Array, read: Array) -> Delay:
    times = np.arange(written[0, 0], written[-1, 0], _GRID)
    moved = np.interp(times, read[:, 0], read[:, 1])
    ramp = max(robot.command_ramp * period, _GRID)
    before = np.concatenate([written[:1, 1], written[:-1, 1]])
    knots = np.stack([written[:, 0], written[:, 0] + ramp], axis=1).ravel()
    values = np.stack([before, written[:, 1]], axis=1).ravel()
    told = np.interp(times, knots, values)
    asked = np.cumsum(told) * _GRID if robot.interfaces[joint] == VELOCITY else told
    if float(np.ptp(moved)) < 1e-9:
        raise BackendError(f"{robot.joints[joint]} did not move")
    shifts = range(round(_LONGEST / _GRID))
    scores = [_correlation(asked[: len(asked) - shift], moved[shift:]) for shift in shifts]
    best = int(np.argmax(scores))
    if scores[best] < _SURE:
        raise BackendError(
            f"{robot.joints[joint]} moves otherwise than told (correlation {scores[best]:.2f}, at least {_SURE:g}): "
            "nothing can be said of its delay"
        )
    return Delay(best * _GRID, float(scores[best]), best * _GRID / period)


def _correlation(one: Array, other: Array) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / size if size > 0.0 else 0.0
