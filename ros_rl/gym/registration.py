# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Names of the robot tasks among Gymnasium's environments."""

from __future__ import annotations

import gymnasium

from ros_rl.tasks import TASKS

NAMESPACE, VERSION = "ros_rl", 0


def environment_id(task: str) -> str:
    """The environment of a task, e.g. ``ros_rl/A1Walk-v0`` of ``a1_walk``."""
    return f"{NAMESPACE}/{TASKS[task].__name__}-v{VERSION}"


def register_tasks() -> None:
    """Register every task that is not registered yet.

    The task counts its own time limit, so Gymnasium is told none.
    """
    for task in TASKS:
        if environment_id(task) not in gymnasium.registry:
            gymnasium.register(environment_id(task), "ros_rl.gym.robot_env:RobotEnv", kwargs={"name": task})
