# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver's open tick: what it tells, and the command that answers it."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.backend import Backend, Reading
from ros_rl.robot import Robot
from ros_rl.runtime.command_path import CommandPath
from ros_rl.runtime.episodes import Episodes
from ros_rl.runtime.latch import Latch
from ros_rl.runtime.robot_link import RobotLink
from ros_rl.runtime.tick_clock import TickClock
from ros_rl.types import Command, SafetyState, Tick


class Ticks:
    """Opens one tick after the other, of which the newest is the open one.

    Args:
        robot: The robot.
        backend: Shows what is asked for.
        clock: Counts and stamps them.
        episodes: That they belong to.
        path: What becomes of commands.
        link: To the robot.
        latch: Says what may act.
    """

    def __init__(
        self,
        robot: Robot,
        backend: Backend,
        clock: TickClock,
        episodes: Episodes,
        path: CommandPath,
        link: RobotLink,
        latch: Latch,
    ) -> None:
        self._robot, self._backend, self._clock, self._episodes = robot, backend, clock, episodes
        self._path, self._link, self._latch = path, link, latch
        self._env_steps = 0
        self._by_person = False
        self.acts = False
        """Whether commands do, at the open tick."""

    @property
    def tick(self) -> Tick:
        """The open tick."""
        return self._tick

    def accept(self, command: Command) -> bool:
        """Take the command that answers the open tick; a repeated or late one is ignored.

        Where commands do not act, an answer is only a sign that somebody is there.

        Returns:
            True if it answers the open tick for the first time.

        Raises:
            CommandError: It is non-finite or has the wrong size; the tick stays unanswered.
        """
        if command.stamp != self._clock.stamp or self._path.answered:
            return False
        if not self.acts:
            return command.value.shape == (self._robot.size,) and bool(np.isfinite(command.value).all())
        self._path.answer(command.value, self._tick.measurement["joint_position"])
        self._by_person = command.by_person
        return True

    def count(self, stamp: int | None, acted: bool = False) -> None:
        """A control period has passed; the next tick is to be opened.

        Args:
            stamp: Of that tick [ns]; None: one period after the last.
            acted: Whether commands did in the period, so that it was a step.
        """
        self._clock.count(stamp)
        self._env_steps += acted

    def open(self, reading: Reading, intact: bool, answered: bool = False) -> Tick:
        """Open the tick that was counted last, and write the command that is due if commands act.

        Args:
            reading: What it tells.
            intact: Whether it follows from the one before under the commands that were decided.
            answered: Whether the one before was answered, by a person or not.
        """
        inputs = self._episodes.tick(self._clock.index, reading.measurement, self._path.previous)
        self._link.ask("show inputs", self._backend.show_inputs, inputs)
        self._tick = Tick(
            stamp=self._clock.stamp,
            index=self._clock.index,
            episode=self._episodes.number,
            step=self._episodes.step,
            safety=self._latch.state,
            intact=intact,
            origin=self._episodes.origin.copy(),
            previous_command=self._path.previous.copy(),
            pending_commands=self._path.pending,
            measurement=reading.measurement,
            inputs=inputs,
            env_steps=self._env_steps,
            by_person=answered and self._by_person,
        )
        self.acts = self._tick.safety is SafetyState.RUNNING
        self._path.open(self.acts)
        return self._tick
