# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The way to the home pose on a robot: slow, tick by tick, through the same filter and guards as any command."""

from __future__ import annotations

import numpy as np

from ros_rl.robot import POSITION, VELOCITY, Robot
from ros_rl.types import Array, Measurement

_SETTLE_SECONDS = 0.3  # at the end, in which what still swings comes to rest
_TOLERANCE = 0.05  # rad or m; a position-controlled joint under load stands a little off, and is not asked
_GAIN = 2.0  # 1/s, from distance to velocity
_SHARE = 0.25  # of the distance in a period at most: velocities act two periods late, from 0.8 on they swing for ever
_STILL = 0.3  # rad/s, of a trunk: one that walked may spin at 2 rad/s on legs that are at home already
_PATIENCE = 2.0  # times the way at full homing speed, before it is given up
_PATIENCE_SECONDS = 5.0


class Homing:
    """Moves a set point from where the joints are to the home pose.

    Args:
        robot: The robot.
        period: Control period [s].
        speed: Of each joint, as a share of its velocity limit.
        return_speed: The same of a robot that was acting: slow legs do not carry one that walks.
    """

    def __init__(self, robot: Robot, period: float, speed: float, return_speed: float) -> None:
        self._robot, self._period = robot, period
        self._speed, self._return_speed = speed, return_speed
        self._fastest = speed * robot.limits.velocity
        self._gain = min(_GAIN, _SHARE / period)
        self._homes = np.array([name not in robot.endless for name in robot.joints])
        self._target = robot.home.copy()
        self._elapsed = self._settled = self._longest = 0.0

    def start(self, measurement: Measurement, sent: Array | None = None, returns: bool = False) -> Array:
        """Begin where the joints are; gives the command that keeps them there, shape (joints,).

        Args:
            measurement: The newest.
            sent: What the joints are held by; None if by nothing.
            returns: Whether it was acting until now.
        """
        self._fastest = (self._return_speed if returns else self._speed) * self._robot.limits.velocity
        position = self._position(measurement)
        self._target = position.copy() if sent is None else np.where(self._robot.commanded_by(POSITION), sent, position)
        self._elapsed = self._settled = 0.0
        self._longest = _PATIENCE_SECONDS + _PATIENCE * float(np.max(self._way(position) / self._fastest))
        return self._robot.resting(position)

    def command(self, measurement: Measurement) -> Array:
        """The next command on the way, shape (joints,)."""
        robot, position = self._robot, self._position(measurement)
        most = self._fastest * self._period
        self._target = self._target + np.clip(self._home(position) - self._target, -most, most)
        self._elapsed += self._period
        rests = self._there(position) and self._at_rest(measurement)
        self._settled = self._settled + self._period if rests else 0.0
        velocity = np.clip(self._gain * (self._home(position) - position), -self._fastest, self._fastest)
        effort = robot.stiffness * (self._target - position)
        if "joint_velocity" in measurement:
            effort = effort - robot.damping * measurement["joint_velocity"]
        return np.where(
            robot.commanded_by(POSITION), self._target, np.where(robot.commanded_by(VELOCITY), velocity, effort)
        )

    @property
    def done(self) -> bool:
        """Whether the home pose is reached and the robot at rest."""
        return self._settled >= _SETTLE_SECONDS

    def too_long(self, measurement: Measurement) -> str:
        """Why the home pose cannot be reached, it seems; empty while there is time.

        A robot whose joints are home is held there for as long as its trunk moves: it hangs and swings, or is carried.
        """
        position = self._position(measurement)
        if self._elapsed <= self._longest or self._there(position):
            return ""
        way = self._way(position)
        worst = int(np.argmax(way))
        return (
            f"homing has not arrived after {self._elapsed:.1f} s: {self._robot.joints[worst]} is "
            f"{way[worst]:.2f} rad from home"
        )

    def _there(self, position: Array) -> bool:
        by_position = self._robot.commanded_by(POSITION)
        arrived = np.where(by_position, self._target == self._robot.home, self._way(position) < _TOLERANCE)
        return bool(arrived.all())

    def _at_rest(self, measurement: Measurement) -> bool:
        """Whether a trunk hardly turns, where that is measured; of a robot that stands fast the way tells enough."""
        rates = measurement.get("imu_angular_velocity") if self._robot.floating_base else None
        return rates is None or float(np.linalg.norm(rates)) < _STILL

    def _way(self, position: Array) -> Array:
        return np.abs(self._home(position) - position)

    def _home(self, position: Array) -> Array:
        """Where each joint is to go; one that turns without end is at home wherever it is."""
        return np.where(self._homes, self._robot.home, position)

    def _position(self, measurement: Measurement) -> Array:
        position: Array = measurement["joint_position"]
        return position
