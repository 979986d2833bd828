# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Scripted experts by name, those of other packages included: they show a task, and correct who learns it."""

from ros_rl.commands import CommandMap
from ros_rl.commands.choice import ChoiceCommands
from ros_rl.errors import UnknownNameError
from ros_rl.experts.choosing import ChoosingExpert
from ros_rl.experts.expert import Expert
from ros_rl.experts.pick_place import PickPlaceExpert
from ros_rl.experts.push import PushExpert
from ros_rl.experts.reach import ReachExpert
from ros_rl.plugins import EXPERTS_GROUP, Table
from ros_rl.robot import Robot
from ros_rl.tasks import Task

OWN_EXPERTS: dict[str, type[Expert]] = {"reach": ReachExpert, "push": PushExpert, "pick_place": PickPlaceExpert}
"""This package's own."""
EXPERTS: Table[type[Expert]] = Table(EXPERTS_GROUP, OWN_EXPERTS)


def check_expert(name: str) -> None:
    """Refuse the name of an expert that does not exist.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name not in EXPERTS:
        raise UnknownNameError("expert", name, EXPERTS)


def make_expert(name: str, robot: Robot, task: Task, period: float, commands: CommandMap | None = None) -> Expert:
    """The expert of that name, for a robot and its task.

    Args:
        name: Of the expert.
        robot: As the task uses it.
        task: What it is to show.
        period: Control period [s].
        commands: What the actions of the run are; an expert shows choices where they are choices.

    Raises:
        UnknownNameError: There is no such expert.
        ConfigError: It does not know this task, this robot or choices.
    """
    check_expert(name)
    expert = EXPERTS[name](robot, task, period)
    return ChoosingExpert(name, expert, commands) if isinstance(commands, ChoiceCommands) else expert


__all__ = ["EXPERTS", "OWN_EXPERTS", "Expert", "check_expert", "make_expert"]
