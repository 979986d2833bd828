# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which way a ball on two wheels looks, where nobody measures it: from what its wheels were told, and where it went."""

from __future__ import annotations

import math

import numpy as np

from ros_rl.types import Array

_LEAST = 0.02  # m: shorter ways tell no direction
_HELD = 0.4  # share of the way that it should have gone: below it something held it back
_UNKNOWN = math.pi**2  # rad^2
_DRIFT, _SLIP = 0.03, 0.15  # rad in a period, and of each rad of a turn: how far what was told may be off
_SIGHT, _BEND = 0.006, 0.3  # m, and of each rad of a turn: how far the direction of a way may be off


class WheelHeading:
    """A filter of one angle: told turns move it on, and the direction of the ways that a camera sees sets it right.

    What is seen is late by all that lies between a command and a picture. The heading is the one that the robot has
    when all that it was told has acted.

    Args:
        wheel: Radius of the wheels [m].
        track: Distance between them [m].
        delay: From a command to motion that is seen [s], the wheels' time constant included.
        period: Control period [s].
    """

    def __init__(self, wheel: float, track: float, delay: float, period: float) -> None:
        self._wheel, self._track = wheel, track
        self._late = min(delay / period, 1.0)
        self.begin()

    def begin(self) -> None:
        """Know nothing."""
        self._heading, self._variance = 0.0, _UNKNOWN
        self._last: tuple[Array, Array] | None = None
        self._before = (0.0, 0.0)

    def update(self, place: Array, joints: Array) -> Array:
        """The heading at the end of a control period [rad], within half a turn of 0, shape (1,).

        Args:
            place: Where it was seen last, x and y [m], shape (2,).
            joints: How far the left and the right wheel were told to turn so far [rad], shape (2,).
        """
        if self._last is not None:
            way, told = place - self._last[0], joints - self._last[1]
            turn = self._wheel * float(told[1] - told[0]) / self._track
            self._follow(way, self._wheel * float(told.sum()) / 2.0, turn)
        self._last = place.copy(), joints.copy()
        return np.array([self._heading])

    def _follow(self, way: Array, ahead: float, turn: float) -> None:
        late, (ahead_before, turn_before) = self._late, self._before
        self._before = ahead, turn
        self._heading += turn
        self._variance = min(self._variance + _DRIFT**2 + (_SLIP * turn) ** 2, _UNKNOWN)
        seen, length = (1.0 - late) * ahead + late * ahead_before, float(np.hypot(*way))
        if length >= max(_LEAST, _HELD * abs(seen)) and abs(seen) >= _LEAST:
            since = min(0.5 + late, 1.0) * turn + max(late - 0.5, 0.0) * turn_before
            direction = math.atan2(way[1], way[0]) + (math.pi if seen < 0.0 else 0.0)
            off = _wrapped(direction + since - self._heading)
            error = (_SIGHT / length) ** 2 + _DRIFT**2 + _BEND**2 * (turn**2 + turn_before**2)
            gain = self._variance / (self._variance + error)
            self._heading += gain * off
            self._variance *= 1.0 - gain
        self._heading = _wrapped(self._heading)


def _wrapped(angle: float) -> float:
    return (angle + math.pi) % (2.0 * math.pi) - math.pi
