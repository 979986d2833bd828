# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Actions that are velocities of a base on two wheels along the axes of the odometry frame, whichever way it looks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ros_rl.commands.command_map import CommandMap
from ros_rl.errors import ConfigError
from ros_rl.robot import VELOCITY, Robot
from ros_rl.types import Array, Tick

HEADING = "heading_estimate"
_SLOW = 0.1
"""Share of the speed below which it turns the less the slower it goes: at rest there is no direction to turn to."""


class PlanarCommands(CommandMap):
    """Turns towards the direction of the velocity within a period while it rolls, ahead or backwards, as is nearer.

    Which way it looks its driver makes out (the sensor ``heading_estimate``), as firmwares of balls that are told a
    heading do. Forth and back are exact unless the filter limits a wheel; an action longer than 1 is shortened to 1.

    Args:
        robot: Two wheels, left and right, that take velocities.
        period: Control period [s].
        speed: Of action 1 [m/s].
        wheel: Radius of the wheels [m].
        track: Distance between them [m].
        described: Name and settings for contracts.

    Raises:
        ConfigError: The robot is another.
    """

    actions = shown = ("velocity_x", "velocity_y")
    mirror = [0, 1], np.array([1.0, -1.0])

    def __init__(
        self, robot: Robot, period: float, speed: float, wheel: float, track: float, described: dict[str, Any]
    ) -> None:
        if robot.size != 2 or not robot.floating_base or not robot.commanded_by(VELOCITY).all():
            raise ConfigError(
                f"control.commands '{described['name']}' moves a base on two wheels by their velocities; it cannot be "
                f"robot '{robot.name}'"
            )
        self.robot, self._described = robot, described
        self._ahead = speed / wheel
        self._turn = track / (2.0 * wheel * period)  # rad/s of each wheel for a turn of 1 rad in a period
        self._most = float(robot.limits.velocity.max()) / self._ahead

    def describe(self) -> dict[str, Any]:
        """See `CommandMap.describe`."""
        return self._described

    def command(self, tick: Tick, action: Array) -> Array:
        """See `CommandMap.command`."""
        length = min(float(np.hypot(*action)), 1.0)
        off = _wrapped(math.atan2(action[1], action[0]) - self._headings(tick)[-1])
        backwards = abs(off) > math.pi / 2.0
        if backwards:
            off = _wrapped(off + math.pi)
        ahead, turn = self._ahead * length * (-1.0 if backwards else 1.0), self._turn * off * min(length / _SLOW, 1.0)
        return np.array([ahead - turn, ahead + turn])

    def decided(self, tick: Tick, command: Array) -> Array:
        """See `CommandMap.decided`."""
        return self._back(float(self._headings(tick)[-1]), command)

    def seen(self, tick: Tick) -> Array:
        """See `CommandMap.seen`."""
        commands = np.vstack([tick.previous_command, tick.pending_commands])
        return np.array([self._back(*pair) for pair in zip(self._headings(tick)[:-1], commands, strict=True)])

    def bounds(self) -> tuple[Array, Array]:
        """See `CommandMap.bounds`."""
        return np.full(2, -self._most), np.full(2, self._most)

    def _headings(self, tick: Tick) -> Array:
        """In which each of a tick's commands acts, and the one that is decided at it, shape (2 + delay,)."""
        commands = np.vstack([tick.previous_command, tick.pending_commands])
        turns = (commands[:, 1] - commands[:, 0]) / (2.0 * self._turn)
        now = float(tick.measurement[HEADING][0])
        return np.cumsum([now - turns[0], *turns])

    def _back(self, heading: float, command: Array) -> Array:
        left, right = command
        ahead, turn = (left + right) / 2.0, (right - left) / 2.0
        length = abs(ahead) / self._ahead
        slow = min(length / _SLOW, 1.0)
        off = turn / (self._turn * slow) if slow > 1e-6 else 0.0
        direction = heading + off + (math.pi if ahead < 0.0 else 0.0)
        return length * np.array([math.cos(direction), math.sin(direction)])


def _wrapped(angle: float) -> float:
    """Within half a turn of 0 [rad]."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi
