# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the controller is sent, and when that is the stop."""

import math

import numpy as np
import pytest

from ros_rl.backends.ros2_control.orders import Order, Report, pack_order, pack_report, unpack_order, unpack_report
from ros_rl.backends.ros2_control.stream import STOP_SECONDS, Phase, Stream

START, TARGET, OTHER = np.array([0.1, 0.2]), np.array([1.0, -1.0]), np.array([0.0, 3.0])
STILL = np.zeros(2)


def armed(interface: str = "velocity", ramp: float = 0.1) -> Stream:
    stream = Stream(interface, 2, ramp)
    stream.take(Order.ARM, 0.0, START, 0.0)
    return stream


def test_nothing_is_sent_before_it_is_armed() -> None:
    stream = Stream("velocity", 2, 0.1)
    stream.take(Order.FOLLOW, 9.0, TARGET, 0.0)
    stream.take(Order.STOP, 0.0, STILL, 0.0)
    assert stream.at(0.1) is None


@pytest.mark.parametrize(("interface", "still"), [("velocity", STILL), ("position", START)])
def test_an_armed_robot_is_sent_the_stop_until_its_first_target(interface: str, still: np.ndarray) -> None:
    assert armed(interface).at(5.0) == pytest.approx(still)


def test_set_points_move_in_a_straight_line_from_where_they_are() -> None:
    stream = armed()
    stream.take(Order.FOLLOW, 0.2, TARGET, 0.0)
    assert stream.at(0.0) == pytest.approx(STILL)
    assert stream.at(0.025) == pytest.approx(0.25 * TARGET)
    stream.take(Order.FOLLOW, 0.3, OTHER, 0.05)
    assert stream.at(0.05) == pytest.approx(0.5 * TARGET)
    assert stream.at(0.1) == pytest.approx(0.25 * TARGET + 0.5 * OTHER)
    assert stream.at(0.29) == pytest.approx(OTHER)


def test_without_a_ramp_a_target_holds_at_once() -> None:
    stream = armed(ramp=0.0)
    stream.take(Order.FOLLOW, 0.2, TARGET, 0.0)
    assert stream.at(0.0) == pytest.approx(TARGET)


def test_a_target_that_expires_latches_the_stop_until_the_next_arming() -> None:
    stream = armed()
    stream.take(Order.FOLLOW, 0.2, TARGET, 0.0)
    assert stream.at(0.2) == pytest.approx(TARGET)
    assert stream.at(0.201) == pytest.approx(STILL)
    stream.take(Order.FOLLOW, 9.0, TARGET, 0.3)
    assert stream.at(0.4) == pytest.approx(STILL)
    assert (stream.phase, stream.expired) == (Phase.LATCHED, 1)
    stream.take(Order.ARM, 0.0, START, 1.0)
    stream.take(Order.FOLLOW, 9.0, TARGET, 1.0)
    assert stream.at(1.2) == pytest.approx(TARGET)
    assert stream.armings == 2


def test_a_target_that_comes_when_it_has_expired_does_not_act() -> None:
    stream = armed(ramp=0.0)
    stream.take(Order.FOLLOW, 0.2, TARGET, 0.3)
    assert stream.at(0.3) == pytest.approx(STILL)


def test_the_stop_of_positions_is_where_the_set_point_was_when_the_target_expired() -> None:
    stream = armed("position", ramp=0.4)
    stream.take(Order.FOLLOW, 0.2, TARGET, 0.0)
    assert stream.at(5.0) == pytest.approx(START + 0.5 * (TARGET - START))


def test_the_stop_ends_with_the_next_target() -> None:
    stream = armed()
    stream.take(Order.FOLLOW, 0.2, TARGET, 0.0)
    stream.take(Order.STOP, 0.0, STILL, 0.1)
    assert stream.at(5.0) == pytest.approx(STILL)
    stream.take(Order.FOLLOW, 6.0, TARGET, 5.0)
    assert stream.at(5.1) == pytest.approx(TARGET)


def test_disarming_sends_the_stop_for_a_while_and_then_nothing() -> None:
    stream = armed()
    stream.take(Order.FOLLOW, 9.0, TARGET, 0.0)
    stream.take(Order.REST, 0.0, STILL, 1.0)
    stream.take(Order.FOLLOW, 9.0, TARGET, 1.0)
    assert stream.at(1.0 + 0.9 * STOP_SECONDS) == pytest.approx(STILL)
    assert stream.at(1.0 + 1.1 * STOP_SECONDS) is None
    assert not stream.over


def test_closing_is_over_when_the_stop_has_been_sent() -> None:
    stream = armed()
    stream.take(Order.CLOSE, 0.0, STILL, 1.0)
    assert stream.at(1.1) == pytest.approx(STILL)
    assert not stream.over
    assert stream.at(1.1 + STOP_SECONDS) is None
    assert stream.over


def test_a_driver_that_ends_leaves_the_stop_for_ever() -> None:
    stream = armed()
    stream.take(Order.FOLLOW, math.inf, TARGET, 0.0)
    stream.lose(0.1)
    assert stream.at(1000.0) == pytest.approx(STILL)
    assert stream.abandoned and not stream.over


def test_a_driver_that_ends_at_rest_leaves_nothing() -> None:
    stream = Stream("velocity", 2, 0.1)
    stream.lose(0.1)
    assert stream.at(0.2) is None
    assert stream.over and not stream.abandoned


def test_orders_and_reports_come_out_as_they_went_in() -> None:
    order, until, values = unpack_order(pack_order(Order.FOLLOW, 12.5, TARGET))
    assert (order, until, values.tolist()) == (Order.FOLLOW, 12.5, TARGET.tolist())
    report = Report(1.5, 2, 3, True)
    assert unpack_report(pack_report(report)) == report
