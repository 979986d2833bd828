# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What answers another driver's ticks: commands as the filter lets them through, or rest."""

from __future__ import annotations

from ros_rl.robot import Robot
from ros_rl.runtime.other_driver import OtherDriver
from ros_rl.safety import CommandFilter, expected_position
from ros_rl.types import Array, Tick


class GuardedAnswers:
    """Sends one for each tick, and the same again for the same tick.

    Args:
        robot: The robot.
        period: Control period [s].
        other: Who is answered.
    """

    def __init__(self, robot: Robot, period: float, other: OtherDriver) -> None:
        self._robot, self._period, self._other = robot, period, other
        self._filter = CommandFilter(robot, period)
        self._answer: Array | None = None
        self.limited = 0
        """Commands that the filter changed."""

    def open(self, tick: Tick, anew: bool) -> None:
        """Have no answer to a tick yet.

        Args:
            tick: The other driver's.
            anew: Whether what acts last was decided elsewhere, so that the filter goes on from that.
        """
        self._answer = None
        if anew:
            self._filter.reset(tick.newest_command)

    def command(self, tick: Tick, value: Array) -> None:
        """Answer with a command, filtered.

        Raises:
            CommandError: It has the wrong size or is not finite; it goes nowhere.
        """
        measured = tick.measurement["joint_position"]
        begins = expected_position(self._robot, self._period, measured, tick.previous_command, tick.pending_commands)
        filtered = self._filter(value, begins)
        self.limited += bool(filtered.limited)
        self._send(tick, filtered.value)

    def rest(self, tick: Tick) -> None:
        """Answer with what keeps the robot where what acts last brings it."""
        self._send(tick, self._filter(self._robot.resting(tick.newest_command)).value)

    def repeat(self, tick: Tick) -> None:
        """Answer as before, if there was an answer."""
        if self._answer is not None:
            self._other.command(tick.stamp, self._answer)

    def _send(self, tick: Tick, value: Array) -> None:
        self._answer = value
        self._other.command(tick.stamp, value)
