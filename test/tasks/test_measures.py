# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What evaluations report of a task, from the simulator's truth, by hand."""

import math

import numpy as np
import pytest

from ros_rl.tasks import make_task
from ros_rl.tasks.goal_measures import TOOL_DISTANCE
from ros_rl.tasks.measures import BACKWARD_VELOCITY, FORWARD_VELOCITY
from ros_rl.types import Outcome, Truth


def truth(position: tuple[float, float], yaw: float, tool: tuple[float, ...] | None = None) -> Truth:
    return Truth(np.array([*position, 0.3]), yaw, None if tool is None else np.array(tool), 0, 0.0, 4, 0.0)


def walked(start: Truth, end: Truth, **inputs: list[float]) -> Outcome:
    return Outcome(start, end, {name: np.array(value) for name, value in inputs.items()}, 4.0, False, period=0.05)


@pytest.mark.parametrize(
    ("yaw", "end", "velocity"),
    [
        (0.0, (3.0, 2.0), 0.5),
        (0.5 * math.pi, (1.0, 4.0), 0.5),
        (math.pi, (3.0, 2.0), -0.5),
        (math.atan2(3.0, 4.0), (1.0 + 0.8, 2.0 + 0.6), 0.25),
        (math.atan2(3.0, 4.0), (1.0 - 0.6, 2.0 + 0.8), 0.0),  # sideways
    ],
)
def test_velocity_is_along_the_heading_of_the_start_over_the_whole_episode(yaw, end, velocity) -> None:
    outcome = walked(truth((1.0, 2.0), yaw), truth(end, yaw + 1.0))
    assert FORWARD_VELOCITY.of(outcome) == pytest.approx(velocity, abs=1e-9)
    assert BACKWARD_VELOCITY.of(outcome) == pytest.approx(-velocity, abs=1e-9)


def test_distance_is_that_of_the_end() -> None:
    start, end = truth((0, 0), 0.0, (9.0, 9.0, 9.0)), truth((0, 0), 0.0, (0.3, 0.1, 0.2))
    assert TOOL_DISTANCE.of(walked(start, end, goal_position=[0.3, 0.4, 0.6])) == pytest.approx(0.5)
    assert math.isnan(TOOL_DISTANCE.of(walked(start, end)))
    assert math.isnan(TOOL_DISTANCE.of(walked(start, truth((0, 0), 0.0), goal_position=[0.0] * 3)))


def test_summaries_over_episodes() -> None:
    ways = [walked(truth((0, 0), 0.0), truth((x, 0), 0.0)) for x in (4.0, 8.0, 3.0, 9.0)]
    assert FORWARD_VELOCITY.summarise(ways) == {"forward_velocity_mean": 1.5, "forward_velocity_min": 0.75}
    assert BACKWARD_VELOCITY.summarise(ways) == {"backward_velocity_mean": -1.5, "backward_velocity_min": -2.25}
    reached = [
        walked(truth((0, 0), 0.0), truth((0, 0), 0.0, (x, 0.0, 0.0)), goal_position=[0.0] * 3)
        for x in (0.1, 0.4, 0.2, 0.7)
    ]
    expected = {"distance_median": 0.3, "distance_p95": 0.655, "distance_max": 0.7}
    assert TOOL_DISTANCE.summarise(reached) == pytest.approx(expected)


def test_tasks_report_their_own() -> None:
    names = {name: [measure.name for measure in make_task(name).measures] for name in ("a1_walk", "a1_back")}
    assert names == {"a1_walk": ["forward_velocity"], "a1_back": ["backward_velocity"]}
    assert [measure.name for measure in make_task("xarm_reach").measures] == ["distance"]
