# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Joint states by name, and what is wrong with some of them."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.backends.ros2_control.joint_states import JointStates
from ros_rl.robot.hardware import Hardware, HardwareJoint, JointMap

NAMES = ("a", "b", "c")


def taking(measured: tuple[bool, bool] = (True, True), **joints: HardwareJoint) -> JointStates:
    return JointStates(JointMap.of(NAMES, replace(Hardware(), joints=joints)), measured, 0.1)


def give(states: JointStates, names: str = "abc", offset: float = 0.0, stamp: float = 100.0, now: float = 1.0) -> None:
    position = [float(ord(name) - ord("a")) + offset for name in names]
    states.take(list(names), position, [10 * x for x in position], [100 * x for x in position], stamp, now)


@pytest.mark.parametrize("names", ["abc", "cab", "xcbya"])
def test_joints_are_found_by_name(names: str) -> None:
    states = taking()
    give(states, names)
    assert states.newest is not None and states.problem() == ""
    assert states.newest.position.tolist() == [0.0, 1.0, 2.0]
    assert states.newest.velocity.tolist() == [0.0, 10.0, 20.0]
    assert states.newest.effort.tolist() == [0.0, 100.0, 200.0]


def test_an_order_that_changes_is_followed() -> None:
    states = taking()
    give(states, "abc", stamp=100.0)
    give(states, "cba", stamp=100.01, now=1.01)
    assert states.newest is not None
    assert (states.newest.position.tolist(), states.newest.sequence) == ([0.0, 1.0, 2.0], 2)


def test_other_names_directions_and_zeros_of_the_controller() -> None:
    states = taking(b=HardwareJoint(name="z", sign=-1.0, zero=0.5))
    states.take(["c", "z", "a"], [2.0, 1.0, 0.0], [20.0, 10.0, 0.0], [2.0, 1.0, 0.0], 100.0, 1.0)
    assert states.newest is not None
    assert states.newest.position.tolist() == [0.0, -0.5, 2.0]
    assert states.newest.velocity.tolist() == [0.0, -10.0, 20.0]


def test_other_joints_are_no_business_of_ours() -> None:
    states = taking()
    give(states, "xyz")
    assert states.newest is None and states.problem() == ""


@pytest.mark.parametrize(("names", "complaint"), [("ab", "lack c; they have a, b"), ("abca", "name a twice")])
def test_names_that_do_not_fit(names: str, complaint: str) -> None:
    states = taking()
    give(states, names)
    assert states.newest is None
    assert complaint in states.problem()
    assert states.problem() == "", "it is told once"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_what_is_not_finite_is_not_taken(bad: float, which: int) -> None:
    states = taking()
    values = [[0.0, 0.0, 0.0] for _ in range(3)]
    values[which][1] = bad
    states.take(list(NAMES), *values, 100.0, 1.0)
    assert states.newest is None
    assert "of b is not finite" in states.problem()


def test_arrays_that_are_shorter_than_the_names() -> None:
    states = taking()
    states.take(list(NAMES), [0.0] * 3, [0.0] * 2, [0.0] * 3, 100.0, 1.0)
    assert states.newest is None
    assert "2 of velocity for 3 joints" in states.problem()


def test_effort_may_be_missing_where_no_sensor_is_of_it() -> None:
    states = taking((True, False))
    states.take(list(NAMES), [0.0] * 3, [0.0] * 3, [], 100.0, 1.0)
    assert states.newest is not None and states.newest.effort.tolist() == [0.0] * 3


def settled() -> JointStates:
    """Joint states that have come as they should for a second, the first of them 0.3 s late."""
    states = taking()
    give(states, stamp=100.0, now=1.3)
    for number in range(1, 101):
        give(states, stamp=100.0 + 0.01 * number, now=1.0 + 0.01 * number if number > 31 else 1.3 + 1e-4 * number)
    assert states.problem() == "" and states.is_settled(2.0)
    return states


@pytest.mark.parametrize("stamp", [101.6, 4700.0])
def test_stamps_from_the_future_are_told_and_not_taken(stamp: float) -> None:
    states = settled()
    before = states.newest
    give(states, stamp=stamp, now=2.01)
    assert states.newest is before
    assert "s too early, limit 0.1 s" in states.problem()
    states.forget()
    give(states, stamp=stamp + 0.01, now=2.02)
    assert states.newest is not before, "the clock is taken as it is from then on"


def test_late_messages_are_told_and_as_old_as_their_stamps_say() -> None:
    states = settled()
    give(states, stamp=101.01, now=2.51)
    assert "s too late, limit 0.1 s" in states.problem()
    assert states.newest is not None and states.newest.received == pytest.approx(2.01, abs=0.01)


def test_a_clock_that_drifts_slowly_is_followed() -> None:
    states = taking()
    for number in range(1, 60_001):  # ten minutes at 100 Hz, a millisecond per second
        give(states, stamp=100.0 + 0.01 * number * 1.001, now=1.0 + 0.01 * number)
    assert states.newest is not None and states.newest.sequence == 60_000


def test_the_same_stamp_again_is_no_news() -> None:
    states = taking()
    give(states, stamp=100.0, now=1.0)
    give(states, stamp=100.0, now=1.05)
    assert states.newest is not None and states.newest.sequence == 1


def test_messages_without_stamps_all_count() -> None:
    states = taking()
    give(states, stamp=0.0)
    give(states, stamp=0.0, now=2.0)
    assert states.newest is not None and states.newest.sequence == 2
