# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a robot's link does: how often it measures, how old what it measures is, and whether the joints are as told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ros_rl.backends.backend import Backend
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.runtime.clock_skew import Skew, skew
from ros_rl.safety import tripped_guard
from ros_rl.types import Array, Measurement

_LOOK_SECONDS = 0.001


@dataclass(frozen=True)
class LinkReport:
    """What a link did while nothing moved.

    Attributes:
        rate_hz: New measurements per second [Hz].
        age: Of each reading [s], p50, p99 and largest.
        gap: Between new measurements [s], p50, p99 and largest.
        position: Of the joints [rad or m], shape (joints,).
        spread: Of what stood still: standard deviation of each joint's position [rad or m], shape (joints,).
        clock: How the robot's own clock goes; None where it tells none.
        problems: What a guard or the robot itself would stop for, in one line each.
    """

    rate_hz: float
    age: tuple[float, float, float]
    gap: tuple[float, float, float]
    position: Array
    spread: Array
    clock: Skew | None
    problems: tuple[str, ...]


def watch(
    backend: Backend,
    robot: Robot,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> LinkReport:
    """Read a connected robot for a while; nothing is written to it.

    Args:
        backend: Connected.
        robot: What it is.
        seconds: How long [s].
        clock: The steady clock [s].
        sleep: Waits [s].

    Raises:
        BackendError: Nothing is measured.
    """
    begin, last = clock(), -1
    ages: list[float] = []
    arrivals: list[float] = []
    positions: list[Array] = []
    stamped: list[float] = []
    stamps: list[float] = []
    measurement: Measurement | None = None
    problems: dict[str, None] = {}
    while (now := clock()) - begin < seconds:
        reading = backend.read()
        ages.append(abs(reading.age))
        if reading.sequence != last:
            last, measurement = reading.sequence, reading.measurement
            arrivals.append(now)
            positions.append(measurement["joint_position"].copy())
            if reading.stamp is not None:
                stamped.append(now)
                stamps.append(reading.stamp)
            problems.update(dict.fromkeys(filter(None, (reading.health, tripped_guard(robot, measurement)))))
        sleep(_LOOK_SECONDS)
    if measurement is None or len(arrivals) < 2:
        raise BackendError(f"{len(arrivals)} measurements in {seconds:g} s: the robot does not tell how it is")
    gaps = np.diff(arrivals)
    rate = (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])
    spread = np.std(positions, axis=0)
    own = skew(stamped, stamps, time.time() - time.monotonic())
    return LinkReport(rate, _three(ages), _three(gaps), positions[-1], spread, own, tuple(problems))


def findings(robot: Robot, period: float, report: LinkReport) -> Iterator[str]:
    """What keeps the robot from being run at a control period [s], in one line each, with what would be right."""
    yield from report.problems
    wanted = 1.0 / period
    if report.rate_hz < wanted:
        yield f"it measures {report.rate_hz:.1f} times a second, fewer than the control rate of {wanted:g} Hz"
    if report.age[1] > period:
        yield f"one state of a hundred is {report.age[1] * 1e3:.0f} ms old or more, the period {period * 1e3:g} ms"
    if report.gap[2] > robot.safety.stale:
        yield f"for {report.gap[2]:.3f} s nothing new was measured; the guard allows {robot.safety.stale:g} s"


def _three(values: object) -> tuple[float, float, float]:
    found = np.percentile(np.asarray(values, dtype=np.float64), [50.0, 99.0, 100.0])
    return float(found[0]), float(found[1]), float(found[2])
