# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What becomes of a command: the filter, the delay line, the robot; and the guards on what comes back."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from ros_rl.backends.backend import Reading
from ros_rl.errors import beyond
from ros_rl.robot import Robot
from ros_rl.runtime.robot_link import RobotLink
from ros_rl.safety import CommandFilter, Guards, expected_position
from ros_rl.types import Array, Measurement

_ROUNDING = 1e-9  # s


class CommandPath:
    """One robot's commands, from the decision to the reading that shows what they did.

    Args:
        robot: The robot.
        period: Control period [s].
        delay: Control periods between a decision and its action.
        link: Where they go.
        camera_limit: How old a simulator's pictures may be [s].
    """

    def __init__(
        self, robot: Robot, period: float, delay: int, link: RobotLink, camera_limit: float = math.inf
    ) -> None:
        self._camera_limit = camera_limit + _ROUNDING
        self._robot, self._period, self._delay, self._link = robot, period, delay, link
        self._line: deque[np.ndarray] = deque([robot.neutral_command] * delay)
        self._command: np.ndarray | None = None
        self._doubted = self._held = False  # whether the open tick's state is none to go on by, and was so acted upon
        self.filter = CommandFilter(robot, period)
        self.guards = Guards(robot, period)
        self.previous = robot.neutral_command
        """What acted in the period before the open tick, shape (joints,)."""
        self.limited = 0
        """Commands that the filter changed."""
        self.missed = 0
        """Ticks that no valid command answered in time."""
        self.held_back = 0
        """Ticks at which what was decided gave way to standing still, since the state was late or stood."""

    @property
    def answered(self) -> bool:
        """Whether the open tick has its command."""
        return self._command is not None

    @property
    def pending(self) -> Array:
        """Commands decided already, the next to act first, shape (delay, joints)."""
        return np.array(self._line).reshape(self._delay, self._robot.size)

    def open(self, acts: bool) -> None:
        """Begin a period without an answer.

        Args:
            acts: Whether the command that is due is written.
        """
        self._command = None
        if self._delay and acts:
            self._link.write(self._line[0])

    def answer(self, command: Array, position: Array) -> None:
        """Take the open tick's command.

        Args:
            command: As decided, shape (joints,).
            position: Of the joints, as the open tick tells them.

        Raises:
            CommandError: It is non-finite or has the wrong size.
        """
        begins = expected_position(self._robot, self._period, position, self.previous, self.pending)
        filtered = self.filter(command, begins)
        self.limited += bool(filtered.limited)
        self._command = filtered.value
        if not self._delay:
            self._link.write(self._command)

    def close(self) -> Reading:
        """End a period in which commands acted; what was not answered becomes the last position or standstill.

        Raises:
            BackendError: Nothing was ever measured.
        """
        answered = self.answered
        self.missed += not answered
        last = self._line[-1] if self._line else self.previous
        self._line.append(self._command if self._command is not None else self.held(last))
        acting = self._line.popleft()
        if not (self._delay or answered):
            self._link.write(acting)
        reading = self._link.read()
        self.previous = _acted(reading, acting)
        return reading

    def stay(self) -> Reading:
        """End a period under the command that holds the robot, or keeps its joints where they are once motors follow.

        Raises:
            BackendError: Nothing was ever measured.
        """
        link, reading = self._link, self._link.reading
        if link.sent is None and reading is not None and link.switch_on():
            held = self._robot.holding(reading.measurement["joint_position"])
            self.filter.reset(held)
            link.write(held)
        return link.read()

    def rest(self, command: Array) -> None:
        """Let nothing be under way but this command, which acts already."""
        self.previous, self._line = command, deque([command] * self._delay)

    def begin(self, command: Array) -> None:
        """Begin an episode from this command, which acts already: nothing else is under way, and nothing in doubt."""
        self._doubted = self._held = False
        self.rest(command)
        self.filter.reset(command)

    def forget_decided(self) -> None:
        """Filter on from what the robot was sent: what was decided since will not act."""
        if self._delay > 1 and self._link.sent is not None:
            self.filter.reset(self._link.sent)

    def hold_back(self, running: bool) -> bool:
        """Hold back what was decided from a state that is late or stands, the last one or the one before.

        Args:
            running: Whether commands are to act on.

        Returns:
            Whether this or the last period's was held back.
        """
        doubted, held = self._doubted, self._held
        self._doubted = running and self.guards.doubts
        self._held = running and (doubted or self._doubted) and self._hold()
        return held or self._held

    def held(self, last: Array) -> Array:
        """The command of a period without one: the last position, standstill or no effort; through the filter, too."""
        return self.filter(self._robot.resting(last)).value

    def at_last(self) -> Array:
        """The command that keeps the robot where the last one has brought it."""
        return self._robot.resting(self.previous)

    def here(self, measurement: Measurement) -> Array:
        """The command that keeps the robot where it was sent; where it is measured, if nothing holds it."""
        sent = self._link.sent
        return self._robot.holding(measurement["joint_position"]) if sent is None else self._robot.resting(sent)

    def guard(self, reading: Reading, sent: Array | None, elapsed: float) -> bool:
        """Look at what a period did; whether a guard tripped, or the robot said that something is wrong with it.

        Args:
            reading: At its end.
            sent: What the joints were told, unless the reading says otherwise; None: nothing.
            elapsed: How long it was [s].
        """
        tripped = self.guards.check(
            reading.measurement,
            self.previous if sent is None else _acted(reading, sent),
            age=reading.age,
            sequence=reading.sequence,
            acting=sent is not None,
            elapsed=elapsed,
        )
        reason = reading.health or self._blind(reading) or tripped or self.guards.lateness
        if reason:
            self._link.trip(reason)
        return bool(reason)

    def _hold(self) -> bool:
        """Let the robot stand still from here on, braking as it may; what was decided before will not act.

        Returns:
            Whether there was anything to hold back: without a delay nothing is decided before it acts.
        """
        sent = self._link.sent
        if sent is None or not self._delay:
            return False
        self.held_back += 1
        self.filter.reset(sent)
        for _ in range(self._delay):
            sent = self.held(sent)
            self._line.append(sent)
            self._line.popleft()
        return True

    def _blind(self, reading: Reading) -> str:
        """That pictures have stopped coming; what real cameras tell is judged where it is heard."""
        age, limit = reading.picture_age, self._camera_limit
        if age <= limit:
            return ""
        return f"the newest picture is {beyond(age, limit, 2)} s old, limit {limit:.3g} s"


def _acted(reading: Reading, sent: Array) -> Array:
    """What the joints were really told in the period that ended."""
    return sent if reading.applied is None else reading.applied
