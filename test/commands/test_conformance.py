# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A task keeps its rules whatever its actions are, and Gymnasium agrees."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from ros_rl.conformance import check_task
from ros_rl.errors import ConfigError
from ros_rl.gym import environment_id
from ros_rl.tasks import TASKS

MAPS = {
    "cartesian": {"control.commands.name": "cartesian", "agent.name": "sac"},
    "choice": {"control.commands.name": "choice", "agent.name": "dqn", "control.rate_hz": 2.0},
}


ARMS = {f"{arm}_{what}" for arm in ("ur5", "xarm") for what in ("reach", "push", "pick_place")}
FITS = {
    "cartesian": ARMS,
    "choice": ARMS,
    "planar": {"sphero_navigate"},
    "joints": {name for name, task in TASKS.items() if task.robot != "mock"},
}
"""Tasks whose robots can be moved so."""
SEEN = {"ur5_push", "xarm_push", "so101_push"}
"""Their goals lie on a table, so one element of these stays."""


@pytest.mark.parametrize("task", sorted(FITS["joints"]))
@pytest.mark.parametrize("commands", FITS)
def test_every_task_keeps_its_rules_by_every_kind_of_command_or_refuses_it(task: str, commands: str) -> None:
    asked: dict[str, object] = {"control.commands.name": commands, **MAPS.get(commands, {"agent.name": "sac"})}
    if commands != "choice" and task.endswith("pick_place"):
        asked["control.rate_hz"] = 20.0  # its own 2 Hz are for choices
    if task not in FITS[commands]:
        with pytest.raises(ConfigError, match="control.commands|heading_estimate"):
            check_task(task, [asked])
        return
    remarks = ["field 'goal_position' does not change in elements 2"] if task in SEEN else []
    if task.endswith("pick_place") and commands != "choice":
        robot = TASKS[task].robot
        remarks = [f"it is symmetric, but robot '{robot}', its actions or a field have no mirror image"]
    assert check_task(task, [asked]) == remarks


def test_a_task_of_choices_is_an_environment_of_choices() -> None:
    env = gymnasium.make(environment_id("ur5_reach"), settings=MAPS["choice"], disable_env_checker=True)
    assert env.action_space == gymnasium.spaces.Discrete(5)
    check_env(env.unwrapped, skip_render_check=True)
    start, _ = env.reset(seed=0)
    following, *_ = env.step(np.int64(0))
    pending = env.unwrapped.layout.slices["pending_actions"]
    assert following[pending][:2] == pytest.approx([1.0, 0.0], abs=0.05)  # of a step, as it is seen with noise
    env.close()
