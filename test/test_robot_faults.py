# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One fault for each robot of the campaign, as ``bench/robot_faults.py`` plays all of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

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
    assert outcomes[0].reaction is None or outcomes[0].reaction < 30.0
