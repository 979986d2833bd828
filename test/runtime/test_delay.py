# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The doctor's two looks at a robot: how its link does, and how late it moves, on a robot whose lateness is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from late_robot import Late

from ros_rl.errors import BackendError
from ros_rl.robot import Robot, load_robot
from ros_rl.runtime.delay import Delay, measure_delay
from ros_rl.runtime.link_check import findings, watch

PERIOD = 0.05
ARM, A1 = load_robot("xarm6"), load_robot("a1")


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


TILTED = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2.0)  # a quarter turn about x


@pytest.mark.parametrize(
    ("robot", "spoilt", "reason"),
    [
        (A1, {"imu_orientation": TILTED}, "tilt 1.57 rad exceeds 1.30 rad"),
        (A1, {"joint_position": A1.limits.upper + 0.2}, "past its limit by more than 0.1 rad"),
        (A1, {"joint_effort": np.full(12, 60.0)}, "effort of FR_hip_joint is 60.0 N m"),
        (ARM, {"joint_position": np.full(6, np.nan)}, "joint_position"),
    ],
)
@pytest.mark.parametrize("after", [0.0, 1.0])
def test_guards_stop_the_motion(robot: Robot, spoilt: dict, reason: str, after: float) -> None:
    late = Late(robot)
    late.spoilt, late.spoils_at = spoilt, late.now + after
    with pytest.raises(BackendError, match=reason):
        measure_delay(late, robot, PERIOD, 2, 0.05, late.clock, late.sleep)
    assert late.safe_calls == 1
    assert all(moment < late.spoils_at + PERIOD for moment, _ in late.told)
    assert bool(late.told) == (after > 0.0)


def test_a_joint_that_jumps_stops_the_motion() -> None:
    late = Late(ARM)
    late.spoilt, late.spoils_at = {"joint_position": ARM.home + [0.0, 0.8, 0.0, 0.0, 0.0, 0.0]}, late.now + 1.0
    with pytest.raises(BackendError, match=r"joint2 moved by 0.80 rad in 0.05. s"):
        measure_delay(late, ARM, PERIOD, 2, 0.05, late.clock, late.sleep)
    assert late.safe_calls == 1


def test_a_state_that_grows_old_stops_the_motion() -> None:
    late = Late(A1)

    def sleep(seconds: float) -> None:
        late.every = 0.004 if late.now < 101.0 else 10.0
        late.sleep(seconds)

    with pytest.raises(BackendError, match=r"the newest state is 0\.1\d* s old, limit 0\.1 s"):
        measure_delay(late, A1, PERIOD, 2, 0.05, late.clock, sleep)
    assert late.safe_calls == 1 and late.told[-1][0] < 101.0 + 0.1 + 2.0 * PERIOD


def test_no_target_follows_one_that_expired() -> None:
    late = Late(A1)
    held = [0.3]

    def sleep(seconds: float) -> None:
        late.sleep(held.pop() if held and late.now > 101.0 else seconds)

    with pytest.raises(BackendError, match="held up for 0.[23].. s"):
        measure_delay(late, A1, PERIOD, 2, 0.05, late.clock, sleep)
    assert late.safe_calls == 1 and late.told[-1][0] < 101.1


def test_a_link_is_told_by_its_rate_age_and_gaps() -> None:
    late = Late(ARM, every=0.01)
    report = watch(late, ARM, 2.0, late.clock, late.sleep)
    assert report.rate_hz == pytest.approx(100.0, rel=0.02)
    assert report.gap[0] == pytest.approx(0.01, abs=1e-3)
    assert report.age[2] <= 0.011 and report.problems == ()
    assert list(findings(ARM, PERIOD, report)) == []


def test_the_clock_of_a_robot_is_compared_once_it_stamps() -> None:
    late = Late(ARM, every=0.01)
    late.stamps_from = 100.3  # as one whose tick has to be understood first
    report = watch(late, ARM, 2.0, late.clock, late.sleep)
    assert report.clock is not None and report.clock.gain == pytest.approx(1e-3, abs=2e-4)
    late.stamps_from = np.inf
    assert watch(late, ARM, 0.5, late.clock, late.sleep).clock is None


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
