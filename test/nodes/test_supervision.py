# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a run with nodes says on the terminal while it is on its way."""

import threading
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")

from ros_rl.nodes import supervision
from ros_rl.nodes.supervision import Supervision
from ros_rl.runs.bringup import TRAIN
from ros_rl.runs.course import Course
from ros_rl.runs.display import Display
from ros_rl.runs.state import RunState
from ros_rl.settings.loading import load_settings


@pytest.fixture
def told(monkeypatch):
    """A supervision whose nodes are as the test says, the clock [s] and what was said."""
    keeper = SimpleNamespace(active=lambda node: True, missing=None)
    monkeypatch.setattr(supervision, "Keeper", lambda *_: keeper)
    clock, said = SimpleNamespace(now=1000.0), []
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monitor = SimpleNamespace(state=RunState(), get_namespace=lambda: "/mock")
    settings = load_settings("mock_point")
    display = Display(Course.of_training(settings), said.append)
    return Supervision(monitor, settings, TRAIN, None, threading.Event(), display), monitor.state, clock, said


def test_the_watchs_advice_is_said_at_most_once_a_minute(told) -> None:
    leads, state, clock, said = told
    for second in range(121):
        clock.now = 1000.0 + second
        if second == 5:
            state.status["learner"] = (1, f"|Q| is beyond its bound 40 in {second} % of the last 100 batches; use sac")
        leads._tell()
    warnings = [line for line in said if line.startswith("warning: ")]
    assert warnings == ["warning: learner: |Q| is beyond its bound 40 in 5 % of the last 100 batches; use sac"] * 2


def test_what_the_driver_waits_for_is_said_while_it_does(told) -> None:
    leads, state, clock, said = told
    state.status["driver"] = (1, "nothing has come on /arm/tracked_objects about cube")
    for second, missing in enumerate(("collector", "driver", "driver", None)):
        clock.now, leads._keeper.missing = 1000.0 + 40.0 * second, missing
        leads._tell()
    warnings = [line for line in said if line.startswith("warning: ")]
    assert warnings == ["warning: driver: nothing has come on /arm/tracked_objects about cube"]


def test_how_far_it_is_is_said_every_five_seconds(told) -> None:
    leads, state, clock, said = told
    for second in range(21):
        clock.now = 1000.0 + second
        state.progress = {"env_steps": 60.0 * second, "robot_minutes": second / 20}
        leads._tell()
    ways = [line.partition(",")[0] for line in said]
    assert ways == [f"robot {minutes:.2f} of 5.00 min" for minutes in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert said[-1].startswith("robot 1.00 of 5.00 min, 20 %, 80 s left")
