# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an agent's action is: a map to the joint command that acts, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from ros_rl.errors import CommandError
from ros_rl.robot import Robot
from ros_rl.robot.robot import checked_action
from ros_rl.types import Array, Tick


class CommandMap(ABC):
    """Between the actions of an agent and the commands of a robot's joints.

    A map is a function of one tick and has no memory, so that whoever has the tick gets the same numbers: the
    controller, which makes commands of actions, and the collector, which makes actions of the commands that acted. The
    decision of tick k acts `control.delay` periods later, d; maps that go by the robot's pose take the one that it
    will have then (`ros_rl.commands.places`).
    """

    robot: Robot
    actions: tuple[str, ...]
    """Names of the actions."""
    choices: int = 0
    """Number of discrete actions, of which one number names one; 0 for continuous actions in [-1, 1]."""
    mirror: tuple[list[int], Array] | None = None
    """Left-right mirror image of what is shown: ``shown[index] * sign``; None: there is none, or it is the robot's."""
    mirrored_choices: tuple[int, ...] = ()
    """The mirror image of each choice, where what is shown has one."""
    shown: tuple[str, ...]
    """Names of what observations show of an action, `shown_size` values."""

    @property
    def shown_size(self) -> int:
        """How many values observations show of an action."""
        return len(self.shown)

    @abstractmethod
    def command(self, tick: Tick, action: Array) -> Array:
        """The joint command, shape (joints,), that an action decided at this tick is.

        Args:
            tick: At which it is decided; the command acts when the tick's pending ones have.
            action: In [-1, 1], shape (actions,), or the number of a choice, shape (1,).
        """

    @abstractmethod
    def decided(self, tick: Tick, command: Array) -> Array | None:
        """The action that a command is, decided at this tick; the inverse of `command`.

        What acted is what is recorded: it is not clipped. Each map says which commands it gives back exactly.

        Args:
            tick: At which it was decided, not the one at which it acts.
            command: What goes to the joints, shape (joints,).

        Returns:
            Shape (actions,); None for a command that is no action.
        """

    @abstractmethod
    def seen(self, tick: Tick) -> Array:
        """What the observation of a tick shows of the commands that it holds, shape (1 + delay, shown_size).

        Of the one that acted last, then of the pending ones, the next to act first.
        """

    @abstractmethod
    def bounds(self) -> tuple[Array, Array]:
        """Smallest and largest values of `seen`, each of shape (shown_size,)."""

    def describe(self) -> dict[str, Any]:
        """Its name and settings as plain data, for a control graph's contract; empty for the robot's own actions."""
        return {}

    def check_action(self, action: Any) -> Array:
        """One action from outside, as float64 of shape (actions,).

        Args:
            action: An array, a list or a tensor of numbers; of a choice also its number alone.

        Raises:
            CommandError: It is something else, has another shape, is not finite, or there is no such choice.
        """
        if not self.choices:
            return checked_action(self.robot.name, self.actions, action)
        given = checked_action(self.robot.name, self.actions, np.atleast_1d(action))
        if not (given[0].is_integer() and 0 <= given[0] < self.choices):
            raise CommandError(f"choice of {self.robot.name} is {given[0]:g}, allowed: 0 to {self.choices - 1}")
        return given

    def clipped(self, action: Array) -> Array:
        """An action within [-1, 1]; of a choice the action itself."""
        return action if self.choices else np.clip(action, -1.0, 1.0)

    def random(self, rng: np.random.Generator) -> Array:
        """Any action, all alike, shape (actions,)."""
        if self.choices:
            return rng.integers(self.choices, size=1).astype(np.float64)
        return rng.uniform(-1.0, 1.0, len(self.actions))


class JointCommands(CommandMap):
    """The robot's own actions, which are joint targets, scaled; exact both ways (`Robot.command`)."""

    def __init__(self, robot: Robot) -> None:
        self.robot, self.actions, self.shown = robot, robot.actions, robot.actions

    def command(self, tick: Tick, action: Array) -> Array:
        """See `CommandMap.command`."""
        return self.robot.command(action)

    def decided(self, tick: Tick, command: Array) -> Array:
        """See `CommandMap.decided`: exact, and of commands that no action makes the nearest action."""
        return self.robot.action(command)

    def seen(self, tick: Tick) -> Array:
        """See `CommandMap.seen`."""
        return self.robot.action(np.vstack([tick.previous_command, tick.pending_commands]))

    def bounds(self) -> tuple[Array, Array]:
        """See `CommandMap.bounds`: what acts is what the driver's filter lets through."""
        return self.robot.action_bounds()
