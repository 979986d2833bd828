# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A sweep between episodes: an arm's closed gripper goes from home along given points and back, slowly."""

from __future__ import annotations

import numpy as np

from ros_rl.robot import VELOCITY, Robot
from ros_rl.types import Array

_SHARE = 0.25  # of what it is behind, made up for in a period; see `ros_rl.runtime.homing`
_STEP = 0.08  # rad or m of a joint in a period, at most: a robot that acts later than it should goes too far by a part
_CATCH_UP = 1.5  # times the speed of the way, at most
_BEHIND = 0.2  # rad or m, of a joint with velocities that does not follow


class Sweep:
    """Moves the joints along a way, by the clock.

    Args:
        robot: An arm whose joints take velocities; a gripper takes positions.
        period: Control period [s].
        places: Of the joints, one after the other, shape (places, joints). Where one comes twice in a row, the arm
            waits there for a period.
        speed: Of the fastest joint, as a share of its velocity limit; less at low control rates.
    """

    def __init__(self, robot: Robot, period: float, places: Array, speed: float) -> None:
        self._robot, self._period, self._places = robot, period, places
        self._by_velocity = robot.commanded_by(VELOCITY)
        self._fastest = np.minimum(speed * robot.limits.velocity, _STEP / period)
        seconds = np.max(np.abs(np.diff(places, axis=0)) / self._fastest, axis=1)
        self._times = np.append(0.0, np.cumsum(np.where(seconds > 0.0, seconds, period)))
        self._elapsed = 0.0

    def start(self) -> None:
        """Begin at the first place, where the joints are now."""
        self._elapsed = 0.0

    def command(self, position: Array, last: Array) -> Array:
        """The next command on the way, shape (joints,).

        Args:
            position: Of the joints, as measured, shape (joints,).
            last: What they were sent last, whose velocities have not come to rest yet.
        """
        now, soon = self._at(self._elapsed), self._at(self._elapsed + self._period)
        self._elapsed += self._period
        rest = position + self._robot.command_ramp / 2 * self._period * last
        velocity = (soon - now + _SHARE * (now - rest)) / self._period
        most = _CATCH_UP * self._fastest
        return np.where(self._by_velocity, np.clip(velocity, -most, most), soon)

    @property
    def done(self) -> bool:
        """Whether it is over; a robot that is a little behind goes home from there."""
        return bool(self._elapsed >= self._times[-1])

    def stuck(self, position: Array) -> str:
        """Why the arm does not come on, it seems; empty while it does.

        Args:
            position: Of the joints, as measured, shape (joints,).
        """
        behind = np.abs(self._at(self._elapsed) - position) * self._by_velocity
        worst = int(behind.argmax())
        if behind[worst] <= _BEHIND + 2.0 * self._fastest[worst] * self._period:
            return ""
        return f"the sweep is stuck: {self._robot.joints[worst]} is {behind[worst]:.2f} rad behind"

    def _at(self, moment: float) -> Array:
        index = int(np.clip(np.searchsorted(self._times, moment, side="right") - 1, 0, len(self._times) - 2))
        begin, end = self._times[index : index + 2]
        share = min(1.0, (moment - begin) / (end - begin))
        return np.asarray(self._places[index] + share * (self._places[index + 1] - self._places[index]))
