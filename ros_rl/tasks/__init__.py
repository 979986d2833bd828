# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Tasks by name, those of other packages included."""

from typing import Any

from ros_rl.config import build
from ros_rl.errors import UnknownNameError
from ros_rl.plugins import TASKS_GROUP, Table
from ros_rl.tasks.arm.pick_place import Ur5PickPlace, XarmPickPlace
from ros_rl.tasks.arm.push import So101Push, Ur5Push, XarmPush
from ros_rl.tasks.arm.reach import So101Reach, Ur5Reach, XarmReach
from ros_rl.tasks.cartpole_swingup import CartpoleSwingup
from ros_rl.tasks.mock_point import MockPoint
from ros_rl.tasks.quadruped.back import A1Back
from ros_rl.tasks.quadruped.from_back import A1FromBack
from ros_rl.tasks.quadruped.get_up import A1GetUp, Go2GetUp
from ros_rl.tasks.quadruped.terrain import A1Terrain, Go2Terrain
from ros_rl.tasks.quadruped.track import A1Track, Go2Track
from ros_rl.tasks.quadruped.walk import A1Walk, Go2Walk
from ros_rl.tasks.sphero import SpheroNavigate
from ros_rl.tasks.task import Task

_OWN: tuple[type[Task], ...] = (
    A1Walk,
    A1Track,
    A1Back,
    A1Terrain,
    A1GetUp,
    A1FromBack,
    Go2Walk,
    Go2Track,
    Go2Terrain,
    Go2GetUp,
    XarmReach,
    Ur5Reach,
    So101Reach,
    Ur5Push,
    XarmPush,
    So101Push,
    Ur5PickPlace,
    XarmPickPlace,
    CartpoleSwingup,
    SpheroNavigate,
    MockPoint,
)
OWN_TASKS: dict[str, type[Task]] = {task.name: task for task in _OWN}
"""This package's own."""
TASKS: Table[type[Task]] = Table(TASKS_GROUP, OWN_TASKS)


def make_task(name: str, settings: dict[str, Any] | None = None) -> Task:
    """Build a task from its settings.

    Raises:
        UnknownNameError: No such task.
        ConfigError: A setting is unknown, has the wrong type or is out of range.
    """
    if name not in TASKS:
        raise UnknownNameError("task", name, TASKS)
    return build(TASKS[name], settings or {}, "task")


__all__ = ["OWN_TASKS", "TASKS", "Task", "make_task"]
