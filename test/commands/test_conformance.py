# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A task keeps its rules whatever its actions are, and Gymnasium agrees."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from ros_rl.conformance.checks import CHECKS
from ros_rl.conformance.trial import Trial
from ros_rl.gym import environment_id
from ros_rl.settings.loading import load_settings

MAPS = {
    "cartesian": {"control.commands.name": "cartesian"},
    "choice": {"control.commands.name": "choice", "agent.name": "dqn", "control.rate_hz": 2.0},
}


@pytest.mark.parametrize("task", ["ur5_reach", "xarm_reach"])
@pytest.mark.parametrize("commands", MAPS)
def test_the_tasks_rules_hold(task: str, commands: str) -> None:
    trial = Trial(load_settings(task, overrides=[MAPS[commands]]))
    assert [problem for check in CHECKS for problem in check(trial)] == []


def test_the_rules_of_a_base_on_two_wheels_hold() -> None:
    trial = Trial(load_settings("sphero_navigate", overrides=[{"control.commands.name": "planar"}]))
    assert [problem for check in CHECKS for problem in check(trial)] == []


def test_a_task_of_choices_is_an_environment_of_choices() -> None:
    env = gymnasium.make(environment_id("ur5_reach"), settings=MAPS["choice"], disable_env_checker=True)
    assert env.action_space == gymnasium.spaces.Discrete(5)
    check_env(env.unwrapped, skip_render_check=True)
    start, _ = env.reset(seed=0)
    following, *_ = env.step(np.int64(0))
    pending = env.unwrapped.layout.slices["pending_actions"]
    assert following[pending][:2] == pytest.approx([1.0, 0.0], abs=0.05)  # of a step, as it is seen with noise
    env.close()
