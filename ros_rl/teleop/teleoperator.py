# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What takes the controller's place while a person drives: a tick in, a command out, by what the person wants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ros_rl.commands import CommandMap
from ros_rl.robot import POSITION, VELOCITY, Robot
from ros_rl.runtime.dead_man import Switch
from ros_rl.settings.teleop import TeleopSettings
from ros_rl.teleop.tool import hand_of
from ros_rl.teleop.wish import Wish
from ros_rl.types import Array, SafetyState, Tick

_FASTER = 1.25
_SLOWEST, _FASTEST = 0.01, 1.0
_NOTHING = Wish()


class Teleoperator:
    """Moves joints at shares of their limits as long as a person says so. It has no clock, topic or thread.

    Where the actions of the run move an arm's tool it moves that, by these (`ros_rl.teleop.tool`).

    Args:
        robot: What is driven.
        settings: Of the person.
        period: Control period [s].
        limit: How long a wish counts without being heard again [s].
        commands: What the actions of the run are; None: joint commands.
    """

    def __init__(
        self, robot: Robot, settings: TeleopSettings, period: float, limit: float, commands: CommandMap | None = None
    ) -> None:
        self._robot, self._period, self._commands = robot, period, commands
        self._hand = hand_of(commands)
        self._names = robot.joints if self._hand is None else self._hand.names
        self._switch = Switch(limit)
        self._wish = _NOTHING
        self._selected = 0 if self._hand is None else len(self._names) - 1
        self._jogs = True
        self.speed = settings.speed
        """Share of a joint's limit at which it moves."""

    @property
    def joint(self) -> str:
        """The joint that is selected, or the action."""
        return self._names[self._selected]

    @property
    def text(self) -> str:
        """What is driven, and, where that can be chosen, how fast."""
        if self._hand is not None:
            return self._hand.text(self._selected, self.speed)
        kind = self._robot.interfaces[self._selected]
        return f"{self.joint} ({self._selected + 1} of {self._robot.size}, {kind}) at {100 * self.speed:.0f} %"

    def take(self, wish: Wish, now: float) -> None:
        """Take what a person wants.

        Args:
            wish: Of this moment.
            now: Steady clock [s].
        """
        self._switch.hear(wish.held, now)
        self._wish = wish
        if wish.speed:
            self.speed = float(np.clip(self.speed * _FASTER**wish.speed, _SLOWEST, _FASTEST))
        before = self._selected
        if 0 < wish.pick <= len(self._names):
            self._selected = wish.pick - 1
        self._selected = (self._selected + wish.select) % len(self._names)
        if self._selected != before:
            self._jogs = False  # a stick that is still held is for the joint before
        elif not wish.jog:
            self._jogs = True

    def held(self, now: float) -> bool:
        """Whether the person holds the switch.

        Args:
            now: Steady clock [s].
        """
        return self._switch.poll(now)

    def command(self, tick: Tick, now: float) -> Array:
        """The command that answers a tick, shape (joints,): u_{k+d}, from tick k with a delay of d periods.

        Joints with velocity and effort commands get a share of that limit. One with position commands goes on from
        what was decided last, which the limits have passed, at a share of its velocity limit. Where commands do not
        act, the answer is to rest. Where actions move a tool it is the command of an action, or to rest.

        Args:
            tick: The open one.
            now: Steady clock [s].
        """
        robot, limits = self._robot, self._robot.limits
        acts = tick.safety is SafetyState.RUNNING
        if self._hand is not None and self._commands is not None and acts and self.held(now):
            wish = self._wish if self._jogs else replace(self._wish, jog=0.0)
            action = self._hand.action(tick, wish, self._selected, self.speed)
            if action is not None:
                return self._commands.command(tick, action)
        share = self._shares(now) * (self.speed if acts else 0.0)
        last = tick.newest_command
        by_position, by_velocity = robot.commanded_by(POSITION), robot.commanded_by(VELOCITY)
        free = share * np.where(by_velocity, limits.velocity, limits.effort)
        wanted = np.where(by_position, last + share * limits.velocity * self._period, free)
        return np.clip(wanted, *robot.command_bounds())

    def steering(self, now: float) -> Array:
        """Shares of the velocity that the task is asked for: forward, to the left, turning to the left, shape (3,).

        Args:
            now: Steady clock [s].
        """
        wish = self._wish if self.held(now) else _NOTHING
        return np.array([wish.forward, wish.left, wish.turn])

    def _shares(self, now: float) -> Array:
        share = np.zeros(self._robot.size)
        if not self.held(now) or self._hand is not None:
            return share
        for name, value in self._wish.joints.items():
            share[self._robot.joints.index(name)] = value
        if self._jogs and self._wish.jog:
            share[self._selected] = self._wish.jog
        return share
