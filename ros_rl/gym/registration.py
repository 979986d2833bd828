# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Names of the robot tasks among Gymnasium's environments, those of other packages included."""

from __future__ import annotations

import logging
import re

import gymnasium

from ros_rl.tasks import TASKS

NAMESPACE, VERSION = "ros_rl", 0
_ENTRY_POINT = "ros_rl.gym.robot_env:RobotEnv"
_WORD = re.compile(r"[^\W_]+")


def environment_id(task: str) -> str:
    """The environment of a task, e.g. ``ros_rl/A1Walk-v0`` of ``a1_walk``."""
    words = (word[0].upper() + word[1:] for word in _WORD.findall(task))
    return f"{NAMESPACE}/{''.join(words)}-v{VERSION}"


def register_tasks() -> None:
    """Register every task that is not registered yet; of two whose names become the same, the first alone.

    The task counts its own time limit, so Gymnasium is told none.
    """
    for task in TASKS:
        name = environment_id(task)
        if name not in gymnasium.registry:
            gymnasium.register(name, _ENTRY_POINT, kwargs={"name": task})
            continue
        taken = gymnasium.registry[name].kwargs.get("name")
        if taken != task:
            logging.getLogger(__name__).warning(
                "task %s is not registered: its environment would be %s, as that of %s is", task, name, taken
            )
