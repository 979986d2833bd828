# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is told of a robot's motion, and how two motions differ."""

import numpy as np
import pytest

from ros_rl.analysis.behaviour import Quantity, behaviour, differences
from ros_rl.backends import make_backend
from ros_rl.runtime.making import make_driver_loop
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.types import Command

MOCK = with_overrides(load_settings("mock_point"), driver={"backend": {"name": "mock"}})
ROBOT = MOCK.load_robot()


def ticks(count: int, size: float):
    driver = make_driver_loop(MOCK, ROBOT, make_backend(MOCK, 0), 0, auto_recover=True)
    found = [driver.start()]
    while len(found) < count:
        driver.accept(Command(found[-1].stamp, ROBOT.command(np.full(2, size))))
        found.append(driver.advance())
    return found


def quantity(values) -> Quantity:
    return Quantity("m", ("a",), np.asarray(values, dtype=float)[:, None])


class TestBehaviour:
    def test_error_and_step_are_those_of_the_command_that_acted(self):
        seen = ticks(6, 0.2)
        found = behaviour(ROBOT, seen)
        assert len(found["tracking error"].values) == 5
        last = seen[-1]
        error = last.previous_command - last.measurement["joint_velocity"]  # what the mock is commanded by
        np.testing.assert_array_equal(found["tracking error"].values[-1], error)
        np.testing.assert_array_equal(found["command step"].values[-1], 0.0)
        assert found["tracking error"].names == ROBOT.joints

    def test_gaps_and_starts_of_episodes_are_left_out(self):
        seen = ticks(6, 0.2)
        assert len(behaviour(ROBOT, [seen[0], seen[1], seen[3], seen[4]])["joint velocity"].values) == 2
        assert behaviour(ROBOT, seen[:1]) == {}

    def test_quantiles_are_of_sizes(self):
        assert quantity([-3.0, 1.0, 1.0]).quantiles == {"p50": 1.0, "p95": pytest.approx(2.8), "max": 3.0}


class TestDifferences:
    def test_the_same_differs_in_nothing(self):
        one = {"x": quantity(np.arange(10.0))}
        assert [(d.statistic, d.shift) for d in differences(one, one)] == [(0.0, 0.0)]

    def test_apart_is_one_and_shifts_are_in_deviations(self):
        rng = np.random.default_rng(0)
        one, other = rng.normal(0.0, 2.0, 4000), rng.normal(1.0, 2.0, 4000)
        (found,) = differences({"x": quantity(one)}, {"x": quantity(other)})
        assert found.shift == pytest.approx(0.5, abs=0.05)
        assert found.statistic == pytest.approx(0.197, abs=0.03)  # 2 Phi(1/4) - 1
        (apart,) = differences({"x": quantity([0.0, 1.0])}, {"x": quantity([5.0, 6.0, 7.0])})
        assert apart.statistic == 1.0

    def test_the_largest_comes_first_and_what_one_side_lacks_is_left_out(self):
        one = {"x": quantity([0.0, 1.0]), "y": quantity([0.0, 1.0]), "z": quantity([0.0])}
        other = {"x": quantity([0.0, 1.0]), "y": quantity([4.0, 5.0])}
        assert [item.quantity for item in differences(one, other)] == ["y", "x"]
