# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The box that command maps keep a tool in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.safety.filter import stoppable
from ros_rl.types import Array

Corner = tuple[float, float, float]
_OFF = 0.005  # m, from what is avoided: more than a place is measured wrong by
_INSIDE = 0.02  # m, of the robot's own workspace, whose edges the driver's filter stops everything at


class ToolBox(NamedTuple):
    """Along the axes of the base frame.

    Attributes:
        lower: Its smallest x, y and z [m], shape (3,).
        upper: Its largest.
    """

    lower: Array
    upper: Array

    @property
    def symmetric(self) -> bool:
        """Whether it is its own left-right mirror image, in the plane y = 0."""
        return bool(np.isclose(self.lower[1], -self.upper[1]))

    def clip(self, position: Array) -> Array:
        """The place in it that is nearest to a position [m], shape (3,)."""
        return np.clip(position, self.lower, self.upper)

    def holds(self, position: Array) -> bool:
        """Whether a place [m], shape (3,), is within it."""
        return bool(((position > self.lower) & (position < self.upper)).all())

    def meets(self, start: Array, end: Array) -> bool:
        """Whether a way along one axis leads into it or through it, from outside.

        Args:
            start: [m], shape (3,).
            end: [m], shape (3,).
        """
        way = (np.minimum(start, end) < self.upper) & (np.maximum(start, end) > self.lower)
        return not self.holds(start) and bool(way.all())

    def before(self, start: Array, end: Array, axis: int) -> Array:
        """Where a way along an axis that leads into it from outside ends: at its side, and not back [m], shape (3,).

        Args:
            start: [m], shape (3,).
            end: [m], shape (3,).
            axis: 0 to 2.
        """
        found, place = end.copy(), start[axis]
        ahead = end[axis] > place
        found[axis] = max(place, self.lower[axis] - _OFF) if ahead else min(place, self.upper[axis] + _OFF)
        return found

    def covers(self, position: Array) -> bool:
        """Whether a place [m], shape (3,), is over it, within it or under it."""
        return bool(((position > self.lower) & (position < self.upper))[:2].all())

    def way_off(self, position: Array, step: float, within: ToolBox) -> Array | None:
        """A place [m], shape (3,), nearer to the nearest of its four sides that another box has room beside, or there.

        Args:
            position: [m], shape (3,).
            step: How far at most [m].
            within: The other box, which the place is in.

        Returns:
            None if the position is not over it, or the other box has room beside none of its sides.
        """
        if not self.covers(position) or position[2] < self.upper[2]:
            return None
        axes = np.array([0, 1, 0, 1])
        sides = np.append(self.lower[:2] - _OFF, self.upper[:2] + _OFF)
        room = np.isfinite(sides) & (sides >= within.lower[axes]) & (sides <= within.upper[axes])
        if not room.any():
            return None
        ways = sides - position[axes]
        nearest = int(np.where(room, np.abs(ways), np.inf).argmin())
        found = position.copy()
        found[axes[nearest]] += np.clip(ways[nearest], -step, step)
        return within.clip(found)

    def slowed(self, velocity: Array, rest: Array, braking: float, period: float) -> Array:
        """A velocity with which the tool stops in front of every side: along each axis slowed by itself, so it slides.

        Args:
            velocity: [m/s], shape (3,).
            rest: Where the tool would come to rest before it [m], shape (3,).
            braking: [m/s^2].
            period: Control period [s].
        """
        room = np.maximum(np.where(velocity > 0.0, self.upper - rest, rest - self.lower), 0.0)
        most = stoppable(room, braking * period, period)
        return np.clip(velocity, -most, most)


def tool_box(robot: Robot, home: Array, lower: Corner, upper: Corner) -> ToolBox:
    """The box of a robot's tool: what is asked for, and of the robot's own workspace what is a little inside it.

    Args:
        robot: With its workspace.
        home: Where its tool is in the home pose [m], shape (3,).
        lower: Smallest x, y and z that are asked for [m].
        upper: Largest.

    Raises:
        ConfigError: The tool is not in it in the home pose.
    """
    own = robot.safety.workspace
    low, high = (own.lower, own.upper) if own is not None else ([-np.inf] * 3, [np.inf] * 3)
    box = ToolBox(np.maximum(lower, np.array(low) + _INSIDE), np.minimum(upper, np.array(high) - _INSIDE))
    if (home < box.lower).any() or (home > box.upper).any():
        raise ConfigError(
            f"in the home pose of robot '{robot.name}' its tool is at {home.round(3).tolist()} m, outside the box of "
            f"control.commands: lower {box.lower.round(3).tolist()}, upper {box.upper.round(3).tolist()}"
        )
    return box
