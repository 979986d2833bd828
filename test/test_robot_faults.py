# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One fault for each robot of the campaign, as ``bench/robot_faults.py`` plays all of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from subjects import BENCH, NEEDS

FAULTS = {
    "a1": "robot: frozen",
    "go2": "robot: jump",
    "xarm": "robot: blocked",
    "ur": "driver: SIGKILL",
    "ur_gripper": "robot: gripper_inactive",
    "ros2_control": "robot: joint_states_frozen",
    "so101": "robot: silent",
    "sphero": "driver's own process: SIGKILL",
}


@pytest.fixture(scope="module", autouse=True)
def campaign() -> Iterator[None]:
    """Its modules can be imported, as when it runs."""
    sys.path.insert(0, BENCH)
    yield
    sys.path.remove(BENCH)


def test_every_robot_has_its_fault() -> None:
    from robot_campaign.robots import SUBJECTS

    assert set(SUBJECTS) == set(FAULTS)


def test_the_longest_silence_is_that_between_turns_that_reach_into_a_while() -> None:
    """Turns at 1.00, 1.01, 1.09, 1.10, 1.13 and 1.14: 80 ms, of which the last 10 lie in what begins at 1.08."""
    from robot_campaign.walk import gap

    turns = [1.0, 1.01, 1.09, 1.1, 1.13, 1.14]
    assert gap(turns, 1.08, 1.14) == pytest.approx(0.08)
    assert gap(turns, 1.09, 1.14) == pytest.approx(0.08)  # it ended then
    assert gap(turns, 1.095, 1.12) == pytest.approx(0.02)
    assert gap(turns, 1.095, 1.14) == pytest.approx(0.03)
    assert gap(turns, 1.13, 1.2) == pytest.approx(0.06)  # and nothing since
    assert gap([], 1.0, 2.0) == 0.0


def _orders(values: list[list[float]], moves: list[bool] | None = None, lasts: float = float("inf")) -> list[Any]:
    """One every 10 ms, from 0 on."""
    from robot_campaign.received import Order

    told = [any(value) for value in values] if moves is None else moves
    return [
        Order(0.01 * number, np.array(value), moving, lasts)
        for number, (value, moving) in enumerate(zip(values, told, strict=True))
    ]


class TestReaction:
    """What leads a robot on, and what only brakes it, holds it or lets it go; two joints."""

    SPEEDS, POSITIONS = np.array([False, False]), np.array([True, True])

    @pytest.mark.parametrize(
        ("values", "until"),
        [
            ([[1.0, 0.5], [1.1, 0.5], [0.6, 0.2], [0.1, 0.0], [0.0, 0.0]], 0.02),  # led on at 0.01, braked from 0.02 on
            ([[1.0, 0.5], [1.0, 0.5], [1.0, 0.5], [0.0, 0.0]], 0.03),  # the same once more leads on
            ([[1.0, 0.5], [0.5, 0.5], [0.5, 0.5], [0.0, 0.0]], 0.01),  # the same once more, of what brakes
            ([[1.0, 0.5], [0.5, 0.6], [0.0, 0.0]], 0.02),  # the other joint is faster
            ([[1.0, 0.5], [0.5, -0.1], [0.0, 0.0]], 0.02),  # it turns round
            ([[0.0, 0.0], [0.1, 0.0], [0.0, 0.0]], 0.02),
            ([[0.0, 0.0], [0.0, 0.0]], None),
            ([[1.0, 0.5], [0.5, 0.2], [0.0, 0.0], [0.1, 0.0]], float("inf")),  # it begins anew, and nothing ends that
        ],
    )
    def test_velocities(self, values: list[list[float]], until: float | None) -> None:
        from robot_campaign.reaction import led_until

        assert led_until(_orders(values), self.SPEEDS) == (None if until is None else pytest.approx(until))

    def test_a_velocity_that_ends_by_itself(self) -> None:
        from robot_campaign.reaction import led_until

        assert led_until(_orders([[1.0, 0.5], [1.1, 0.5]], lasts=0.1), self.SPEEDS) == pytest.approx(0.11)
        assert led_until(_orders([[1.0, 0.5], [1.1, 0.5], [0.0, 0.0]], lasts=0.1), self.SPEEDS) == pytest.approx(0.02)

    @pytest.mark.parametrize(
        ("values", "moves", "until"),
        [
            ([[0.1, 0.2], [0.2, 0.2], [0.3, 0.2], [0.3, 0.2]], [True] * 4, 0.02),  # the robot holds the third
            (
                [[0.1, 0.2], [0.2, 0.2], [0.9, 0.9], [0.8, 0.9]],
                [True, True, False, False],
                0.01,
            ),  # lets go from then on
            ([[0.1, 0.2], [0.1, 0.2]], [False, True], 0.01),  # motors follow again
            ([[0.1, 0.2], [0.2, 0.2]], [False, False], None),
        ],
    )
    def test_positions(self, values: list[list[float]], moves: list[bool], until: float | None) -> None:
        from robot_campaign.reaction import led_until

        found = led_until(_orders(values, moves, lasts=0.0), self.POSITIONS)
        assert found == (None if until is None else pytest.approx(until))

    def test_an_arm_with_a_gripper(self) -> None:
        """One that closes leads on, however the arm brakes."""
        from robot_campaign.reaction import led_until

        values = [[1.0, 0.2], [0.9, 0.3], [0.8, 0.3], [0.7, 0.3]]
        assert led_until(_orders(values), np.array([False, True])) == pytest.approx(0.02)


@pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.ros] * (name == "ros2_control")) for name in FAULTS]
)
def test_a_fault_leaves_the_robot_safe(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(NEEDS[name])
    pytest.importorskip("pybullet")
    robot_faults = pytest.importorskip("robot_faults")
    from robot_campaign.robots import SAFE
    from robot_campaign.visit import preferred

    for key, seconds in {"SETTLE": 0.7, "WATCH": 2.0, "AFTER": 0.5}.items():
        monkeypatch.setattr(robot_faults, key, seconds)
    with preferred():
        outcomes = [one for one in robot_faults.campaign(name, [FAULTS[name]]) if one.fault == FAULTS[name]]
    assert [(one.expected, one.wrong) for one in outcomes] == [(SAFE, [])]
    one = outcomes[0]
    assert one.rest is None or one.rest < 30.0
    assert one.reaction is None or one.rest is None or one.reaction <= one.rest
