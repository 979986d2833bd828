# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who acts in the agent's place for a while: a person, or a script that plays one."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.experts import EXPERTS, Expert, make_expert
from ros_rl.robot import Robot
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, SafetyState, Tick


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
        return _command(self._expert, tick) if self._acts else None


class PatientPerson:
    """An expert that takes over when the agent has come no further for a while, and hands back as soon as it has.

    Args:
        expert: Says what to do, and by its `milestone` whether the task goes on.
        share: Of all ticks so far in which it may act.
        patience: Ticks without a milestone after which it takes over.
        steps: For which it then acts at most [ticks].
    """

    acts_alone = False
    """See `Person.acts_alone`."""

    def __init__(self, expert: Expert, share: float, patience: int, steps: int) -> None:
        self._expert, self._share, self._patience, self._steps = expert, share, patience, steps
        self._seen = self._acted = 0  # ticks
        self._milestone: float | None = None
        self._since = self._left = 0  # ticks since the last milestone, and that it acts on
        self._answered: tuple[int, Array | None] = (-1, None)  # index of a tick, and its command

    def command(self, tick: Tick) -> Array | None:
        """See `Person.command`; a tick that is asked for again gets the same answer, and only running ones count."""
        if tick.safety is not SafetyState.RUNNING:
            return None
        if tick.index != self._answered[0]:
            self._answered = tick.index, _command(self._expert, tick) if self._helps(tick) else None
        return self._answered[1]

    def _helps(self, tick: Tick) -> bool:
        milestone = self._expert.milestone(tick)
        if tick.step == 0 or milestone != self._milestone:
            self._since = self._left = 0
        elif self._left:
            self._left -= 1
            if not self._left:
                self._since = 0  # the agent is given as long again
        self._milestone, self._since, self._seen = milestone, self._since + 1, self._seen + 1
        may = self._acted + self._steps <= self._share * self._seen
        if not self._left and self._since > self._patience and may:
            self._left = self._steps
        self._acted += self._left > 0
        return self._left > 0


def _command(expert: Expert, tick: Tick) -> Array:
    robot = expert.robot
    return robot.command(robot.check_action(expert.act(tick)))


def scripted_person(settings: Settings, robot: Robot) -> Person | None:
    """The scripted person of a run; None if nobody corrects its agent.

    Raises:
        ConfigError: The expert does not know this task or this robot, or not when the task goes on.
    """
    expert, period = settings.expert, settings.control.period
    if not expert.name:
        return None
    made = make_expert(expert.name, robot, settings.task, period, settings.control.command_map(robot))
    steps = max(1, round(expert.seconds / period))
    if not expert.patience:
        return ScriptedPerson(made, expert.share, steps, settings.seed)
    if EXPERTS[expert.name].milestone is Expert.milestone:
        raise ConfigError(
            f"expert '{expert.name}' does not tell when a task goes on, which expert.patience {expert.patience:g} s "
            "needs; 0 lets it act at times that chance chooses"
        )
    return PatientPerson(made, expert.share, max(1, round(expert.patience / period)), steps)
