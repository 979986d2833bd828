# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a person's wishes are where actions move an arm's tool: actions themselves, so that all they do can be learned.

Forward and left go along x and y of the base frame, the selected thing is the tool's height, and what turns elsewhere
closes the gripper to the left and opens it to the right.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from ros_rl.commands import CommandMap
from ros_rl.commands.cartesian import CartesianCommands
from ros_rl.commands.choice import GRIP, HEIGHT, ChoiceCommands
from ros_rl.robot import POSITION
from ros_rl.teleop.wish import Wish
from ros_rl.types import Array, Tick

_X, _Y, _Z = range(3)
_MEANT = 0.5  # of a whole axis, from which on it asks for a step
_GRIPPER = "u o: gripper closes, opens"


class ToolHand(ABC):
    """Makes actions of wishes. It has no memory."""

    names: tuple[str, ...]
    """What may be selected; the first to be is the last."""

    @abstractmethod
    def text(self, selected: int, speed: float) -> str:
        """What keys do, in a few words.

        Args:
            selected: Which of `names` is.
            speed: See `action`.
        """

    @abstractmethod
    def action(self, tick: Tick, wish: Wish, selected: int, speed: float) -> Array | None:
        """The action that answers a tick, shape (actions,); None where no action is what is wanted, and it is to rest.

        Args:
            tick: The open one.
            wish: Of a person who holds the switch.
            selected: Which of `names` is.
            speed: Share of an action at which the tool moves.
        """


class VelocityHand(ToolHand):
    """Velocities of the tool, and the gripper on from what was decided last.

    Args:
        commands: Of the run.
    """

    def __init__(self, commands: CartesianCommands) -> None:
        self._commands, self._size = commands, commands.tool_actions
        self.names = (*commands.actions[_Z + 1 :], commands.actions[_Z])

    def text(self, selected: int, speed: float) -> str:
        """See `ToolHand.text`."""
        gripper = [_GRIPPER] if len(self._commands.actions) > self._size else []
        moved = f"up, down: {self.names[selected]}"
        return " | ".join(["i , j l: tool along x, y", moved, *gripper, f"{100 * speed:.0f} %"])

    def action(self, tick: Tick, wish: Wish, selected: int, speed: float) -> Array:
        """See `ToolHand.action`."""
        commands = self._commands
        stays = commands.robot.commanded_by(POSITION)
        action = commands.decided(tick, np.where(stays, tick.newest_command, 0.0))
        shares = np.where(np.arange(len(action)) < self._size, speed, 1.0)
        asked = np.zeros(len(action))
        asked[_X], asked[_Y] = wish.forward, wish.left
        asked[self._size :][-1:] = wish.turn
        asked[commands.actions.index(self.names[selected])] += wish.jog
        return np.clip(action + shares * asked, -1.0, 1.0)


class ChoosingHand(ToolHand):
    """Choices: a step along x or y, the height, or the gripper's other end, whichever is asked for most.

    Who asks for none, or for what is there already, rests: where the run has the choice to stay, that may move the arm,
    to the nearer of two heights.

    Args:
        commands: Of the run.
    """

    names = ("choices",)

    def __init__(self, commands: ChoiceCommands) -> None:
        self._commands, self._moves = commands, list(commands.moves)

    def text(self, selected: int, speed: float) -> str:
        """See `ToolHand.text`."""
        way = "the upper, the lower height" if self._commands.toggles else "a step"
        gripper = [_GRIPPER] if GRIP in self._moves else []
        return " | ".join(["i , j l: a step along x, y", f"up, down: {way}", *gripper])

    def action(self, tick: Tick, wish: Wish, selected: int, speed: float) -> Array | None:
        """See `ToolHand.action`."""
        shares = np.array([wish.forward, wish.left, wish.jog, wish.turn])
        part = int(np.abs(shares).argmax())
        move = self._move(tick, part, shares[part] > 0.0) if abs(shares[part]) >= _MEANT else None
        return np.array([float(self._moves.index(move))]) if move in self._moves else None

    def _move(self, tick: Tick, part: int, up: bool) -> str | None:
        """The choice that goes there; None for what is there already."""
        commands = self._commands
        if part > _Z:
            return None if commands.closed(tick) == up else GRIP
        if part == _Z and commands.toggles:
            return None if commands.is_high(commands.tool(tick)[_Z]) == up else HEIGHT
        return f"{'xyz'[part]}_{'up' if up else 'down'}"


def hand_of(commands: CommandMap | None) -> ToolHand | None:
    """What moves a tool by these actions; None where they are the joints' own, or nothing known."""
    if isinstance(commands, ChoiceCommands):
        return ChoosingHand(commands)
    return VelocityHand(commands) if isinstance(commands, CartesianCommands) else None
