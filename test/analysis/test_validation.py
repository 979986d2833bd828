# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a validation says of a task that knows of no success: nothing ended early, and its milestone."""

import json

import pytest

from ros_rl.analysis.validation import Side, compared
from ros_rl.analysis.validation_screen import to_mapping, verdict
from ros_rl.runtime.evaluation import Evaluation
from ros_rl.tasks import OWN_TASKS


def side(name: str, task: dict[str, float], terminations: int) -> Side:
    return Side(name, {}, Evaluation(10, 1.0, 0.0, task, None, terminations, {}, {}))


SHARE = "share of episodes that nothing ended"


@pytest.mark.parametrize("name", ["a1_track", "go2_track"])
@pytest.mark.parametrize(
    ("error", "terminations", "missed", "told"),
    [
        (0.05, 1, "", f"it holds in mujoco: {SHARE} 0.90, at least 0.80 asked for"),
        (0.6, 1, "velocity error 0.60, at most 0.15 asked for", "it does not hold in mujoco: {missed}"),
        (0.05, 5, "", f"it does not hold in mujoco: {SHARE} 0.50, at least 0.80 asked for"),
        (
            0.6,
            5,
            "velocity error 0.60, at most 0.15 asked for",
            f"it does not hold in mujoco: {SHARE} 0.50, at least 0.80 asked for; {{missed}}",
        ),
    ],
)
def test_a_walker_that_does_not_follow_its_commands_does_not_hold(name, error, terminations, missed, told) -> None:
    task = OWN_TASKS[name]
    sides = [side(one, {"velocity_error_mean": error}, terminations) for one in ("pybullet", "mujoco")]
    found = compared(*sides, 0.8, task.milestone)
    assert verdict(found) == told.format(missed=missed)
    plain = json.loads(json.dumps(to_mapping(found)))
    assert plain["missed"] == missed
    assert plain["passed"] == (not missed and terminations == 1)
