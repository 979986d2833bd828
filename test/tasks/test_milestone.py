# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every milestone names a figure that evaluations of its task tell, by the name that curves give it."""

import math

import pytest

from ros_rl.runs.state import RunState
from ros_rl.runs.summary import curve, summarise
from ros_rl.settings.loading import load_settings
from ros_rl.tasks import OWN_TASKS, Task


@pytest.mark.parametrize("name", sorted(OWN_TASKS))
def test_the_figure_is_on_the_curve(name: str) -> None:
    task = OWN_TASKS[name]
    told = {f"{measure.name}_{summary}": 0.0 for measure in task.measures for summary in measure.summaries}
    if task.succeeded is not Task.succeeded:
        told["success_rate"] = 0.0
    (point,) = curve([told])
    assert task.milestone.figure in point


def test_a_summary_tells_since_when_things_are_moved() -> None:
    points = [
        {"env_steps": n, "robot_minutes": 1.0 * n, "final": False, "episodes": 1, "terminations": 0,
         "return_mean": 0.0, "objects_per_minute_mean": rate}
        for n, rate in enumerate([3.0, 2.0, 3.0, 4.0, 3.0], 1)
    ]  # fmt: skip
    found = summarise(load_settings("xarm_pick_place"), RunState(evaluations=points), 1.0)["milestone"]
    assert (found["figure"], found["least"], found["robot_minutes"]) == ("objects_per_minute", 3.0, 3.0)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"velocity_error": 0.15}, ""),
        ({}, ""),
        ({"velocity_error": 0.6}, "velocity error 0.60, at most 0.15 asked for"),
        ({"velocity_error": math.nan}, "velocity error nan, at most 0.15 asked for"),
    ],
)
def test_a_miss_is_told_in_words(value: dict[str, float], words: str) -> None:
    assert OWN_TASKS["a1_track"].milestone.missed(value) == words
