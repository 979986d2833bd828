# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The doctor's two looks at a robot: how its link does, and how late it moves, on a robot whose lateness is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measurements import at_rest

from ros_rl.backends.backend import Backend, Reading
from ros_rl.errors import BackendError
from ros_rl.robot import Robot, load_robot
from ros_rl.runtime.delay import Delay, measure_delay
from ros_rl.runtime.link_check import findings, watch
from ros_rl.types import Array, Measurement

PERIOD = 0.05
ARM, A1 = load_robot("xarm6"), load_robot("a1")


class Late(Backend):
    """Does what it is told `lag` seconds later, by a clock that a test moves; measures every `every` seconds."""

    def __init__(self, robot: Robot, lag: float = 0.0, every: float = 0.004, stuck: bool = False) -> None:
        self.robot, self.lag, self.every, self.stuck = robot, lag, every, stuck
        self.now = 100.0
        self.told: list[tuple[float, Array]] = []
        self.position = robot.home.copy()
        self.acting = 0
        self.measured, self.measured_at, self.count = robot.home.copy(), self.now, 1
        self.safe_calls, self.health = 0, ""
        self.velocity = robot.commanded_by("velocity").all()

    def sleep(self, seconds: float) -> None:
        steps = max(round(seconds / 0.001), 1)
        for _ in range(steps):
            self.now += 0.001
            self._move()

    def _move(self) -> None:
        while self.acting < len(self.told) and self.told[self.acting][0] + self.lag <= self.now:
            self.acting += 1
        if self.acting and not self.stuck:
            value = self.told[self.acting - 1][1]
            self.position = self.position + 0.001 * value if self.velocity else value
        if self.now - self.measured_at >= self.every:
            self.measured, self.measured_at, self.count = self.position.copy(), self.now, self.count + 1

    def clock(self) -> float:
        return self.now

    def connect(self) -> None: ...
    def arm(self) -> None: ...
    def disarm(self) -> None: ...
    def close(self) -> None: ...

    def write(self, command: Array, until: float) -> None:
        self.told.append((self.now, command.copy()))

    def safe(self) -> None:
        self.safe_calls += 1

    def read(self) -> Reading:
        measurement = Measurement(at_rest(self.robot) | {"joint_position": self.measured})
        return Reading(measurement, self.now - self.measured_at, self.count, self.health)


def measured(robot: Robot, lag: float, joint: int = 0, **how: object) -> tuple[Delay, Late]:
    late = Late(robot, lag, **how)  # type: ignore[arg-type]
    return measure_delay(late, robot, PERIOD, joint, 0.05, late.clock, late.sleep), late


@pytest.mark.parametrize(("lag", "setting"), [(0.0, 1), (0.02, 1), (0.03, 2), (0.06, 2), (0.11, 3)])
def test_the_lag_of_velocities_is_found(lag: float, setting: int) -> None:
    robot = replace(ARM, command_ramp=0.0)
    found, late = measured(robot, lag)
    assert found.latency == pytest.approx(lag, abs=0.004)
    assert found.setting == setting
    assert late.safe_calls == 1
    assert np.abs(late.position - ARM.home).max() < 0.02  # it ends where it began


@pytest.mark.parametrize("lag", [0.0, 0.04, 0.09])
def test_the_lag_of_positions_is_found(lag: float) -> None:
    found, late = measured(replace(A1, command_ramp=0.0), lag, joint=2)
    assert found.latency == pytest.approx(lag, abs=0.005)
    assert np.abs(np.array([value for _, value in late.told]) - A1.home).max() <= 0.051


def test_a_robot_that_stands_still_or_complains_tells_nothing() -> None:
    with pytest.raises(BackendError, match="joint1 did not move"):
        measured(ARM, 0.0, stuck=True)
    late = Late(ARM)
    late.health = "error 31"
    with pytest.raises(BackendError, match="error 31"):
        measure_delay(late, ARM, PERIOD, 0, 0.05, late.clock, late.sleep)
    assert late.safe_calls == 1 and not late.told


def test_a_link_is_told_by_its_rate_age_and_gaps() -> None:
    late = Late(ARM, every=0.01)
    report = watch(late, ARM, 2.0, late.clock, late.sleep)
    assert report.rate_hz == pytest.approx(100.0, rel=0.02)
    assert report.gap[0] == pytest.approx(0.01, abs=1e-3)
    assert report.age[2] <= 0.011 and report.problems == ()
    assert list(findings(ARM, PERIOD, report)) == []


def test_what_is_wrong_with_a_link_is_said() -> None:
    late = Late(ARM, every=0.2)
    late.health = "protective stop"
    report = watch(late, ARM, 2.0, late.clock, late.sleep)
    said = list(findings(ARM, PERIOD, report))
    assert said[0] == "protective stop"
    assert "5.0 times a second, fewer than the control rate of 20 Hz" in said[1]
    assert len(said) == 4
    with pytest.raises(BackendError, match="1 measurements in 0.1 s"):
        watch(late, ARM, 0.1, late.clock, late.sleep)
