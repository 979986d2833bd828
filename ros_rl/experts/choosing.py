# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Experts whose arm moves by choices: the one that brings the tool nearest to where the expert wants it."""

from __future__ import annotations

import numpy as np

from ros_rl.commands.choice import GRIP, HEIGHT, STAY, ChoiceCommands
from ros_rl.errors import ConfigError
from ros_rl.experts.expert import Expert
from ros_rl.features.gripper import gripper_of, gripper_width
from ros_rl.types import Array, Tick

_NEAR = 0.75  # of a step, a little more than half its diagonal: what steps can come nearer to is less


class ChoosingExpert(Expert):
    """Shows a task in choices: steps of the tool first, then its height, then the gripper.

    Args:
        name: Of the expert, for messages.
        expert: Says where it wants the tool.
        commands: The choices.

    Raises:
        ConfigError: The expert says no such thing.
    """

    def __init__(self, name: str, expert: Expert, commands: ChoiceCommands) -> None:
        super().__init__(expert.robot, expert.task, expert.period)
        if type(expert).wish is Expert.wish:
            raise ConfigError(
                f"expert '{name}' of task '{expert.task.name}' does not say where it wants the tool, "
                "which control.commands 'choice' needs; use cartesian or joints"
            )
        self._expert, self._commands = expert, commands

    def act(self, tick: Tick) -> Array:
        """See `Expert.act`."""
        choice = float(list(self._commands.moves).index(self._choice(tick)))
        return self.robot.action(self._commands.command(tick, np.array([choice])))

    def milestone(self, tick: Tick) -> float | None:
        """See `Expert.milestone`."""
        return self._expert.milestone(tick)

    def _choice(self, tick: Tick) -> str:
        commands, near = self._commands, _NEAR * self._commands.step
        tool = commands.tool(tick)
        wish = self._expert.wish(tick, tool, near)
        assert wish is not None  # as it said
        way = wish.place - tool
        way[2] *= not commands.toggles
        axis = int(np.abs(way).argmax())
        step = f"{'xyz'[axis]}_{'up' if way[axis] > 0.0 else 'down'}"
        if abs(way[axis]) > commands.step / 2:
            return step
        if commands.toggles and commands.is_high(wish.place[2]) != commands.is_high(tool[2]):
            return step if (commands.target(tool, HEIGHT) == tool).all() else HEIGHT
        if wish.width is not None and self._is_wide(wish.width) != self._is_wide(self._told_width(tick)):
            return GRIP
        return STAY if STAY in commands.moves else step

    def _is_wide(self, width: float) -> bool:
        return width > gripper_of(self.robot).width / 2

    def _told_width(self, tick: Tick) -> float:
        return gripper_width(tick.newest_command, self.robot)
