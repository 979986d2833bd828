# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who acts in the agent's place for a while: a person, or a script that plays one."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ros_rl.experts import Expert, make_expert
from ros_rl.robot import Robot
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Tick


class Person(Protocol):
    """Takes over from an agent, and hands back."""

    @property
    def acts_alone(self) -> bool:
        """Whether no agent ever acts."""

    def command(self, tick: Tick) -> Array | None:
        """The command that answers a tick, shape (joints,); None: the agent's counts."""


class ScriptedPerson:
    """An expert that acts in a share of all windows of time, which chance chooses.

    Which windows these are depends on the seed and on the ticks' numbers alone, so a run that goes on goes on alike.

    Args:
        expert: Says what to do.
        share: Of the windows in which it acts.
        steps: Length of a window [ticks].
        seed: Of the choice.
    """

    def __init__(self, expert: Expert, share: float, steps: int, seed: int) -> None:
        self._expert, self._share, self._steps, self._seed = expert, share, steps, seed
        self._window, self._acts = -1, False

    @property
    def acts_alone(self) -> bool:
        """See `Person.acts_alone`."""
        return self._share >= 1.0

    def command(self, tick: Tick) -> Array | None:
        """See `Person.command`."""
        window = tick.index // self._steps
        if window != self._window:
            chance = np.random.default_rng([self._seed, 0xE4FE, window]).random()
            self._window, self._acts = window, chance < self._share
        robot = self._expert.robot
        return robot.command(robot.check_action(self._expert.act(tick))) if self._acts else None


def scripted_person(settings: Settings, robot: Robot) -> Person | None:
    """The scripted person of a run; None if nobody corrects its agent.

    Raises:
        ConfigError: The expert does not know this task or this robot.
    """
    expert, period = settings.expert, settings.control.period
    if not expert.name:
        return None
    made = make_expert(expert.name, robot, settings.task, period, settings.control.command_map(robot))
    return ScriptedPerson(made, expert.share, max(1, round(expert.seconds / period)), settings.seed)
