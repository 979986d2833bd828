# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How the driver brings a robot home: it begins where the robot is held, and ends at home or with a fault."""

from __future__ import annotations

from ros_rl.runtime.homing import Homing
from ros_rl.runtime.latch import Event, Latch
from ros_rl.runtime.robot_link import RobotLink
from ros_rl.safety import CommandFilter
from ros_rl.types import Array


class WayHome:
    """A robot's way to its home pose, as long as the latch says that it homes.

    Args:
        homing: Says where to.
        filter: Every command goes through it.
        link: To the robot.
        latch: Told when the robot is there.
    """

    def __init__(self, homing: Homing, filter: CommandFilter, link: RobotLink, latch: Latch) -> None:
        self._homing, self._filter, self._link, self._latch = homing, filter, link, latch
        self._going = False

    def leave(self) -> None:
        """Be on the way no more; the next one begins where the robot is then."""
        self._going = False

    def command(self, was_acting: bool) -> Array | None:
        """The next command on it, shape (joints,); None before anything was measured, and until the motors follow.

        Args:
            was_acting: Whether commands acted until now.
        """
        going, reading = self._going, self._link.reading
        self._going = reading is not None and self._link.switch_on()
        if reading is None or not self._going:
            return None
        measurement = reading.measurement
        if not going:  # a robot at rest begins where it is, one that moves at what it was told last
            rest = self._homing.start(measurement, self._link.sent, was_acting)
            if self._link.sent is None:
                self._filter.reset(rest)
        command = self._filter(self._homing.command(measurement), measurement["joint_position"]).value
        problem = self._homing.too_long(measurement)
        if problem:
            self._link.trip(problem)
        elif self._homing.done:
            self._latch.fire(Event.HOMED)
        return command
