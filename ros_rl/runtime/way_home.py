# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How the driver brings a robot home, and has an arm sweep in between: it ends at home or with a fault."""

from __future__ import annotations

import numpy as np

from ros_rl.runtime.homing import Homing
from ros_rl.runtime.latch import Event, Latch
from ros_rl.runtime.robot_link import RobotLink
from ros_rl.runtime.sweep import Sweep
from ros_rl.safety import CommandFilter
from ros_rl.types import Array, Measurement


class WayHome:
    """A robot's way to its home pose, as long as the latch says that it homes.

    Args:
        homing: Says where to.
        filter: Every command goes through it.
        link: To the robot.
        latch: Told when the robot is there.
        sweep: What an arm does once it is home after an episode that another one follows, to go home again; None:
            nothing.
    """

    def __init__(
        self, homing: Homing, filter: CommandFilter, link: RobotLink, latch: Latch, sweep: Sweep | None = None
    ) -> None:
        self._homing, self._filter, self._link, self._latch = homing, filter, link, latch
        self._sweep, self._due, self._sweeping = sweep, False, False
        self.going = False
        """Whether the robot is on its way."""

    def leave(self) -> None:
        """Be on the way no more; the next one begins where the robot is then, and goes straight home."""
        self.going = self._due = self._sweeping = False

    def begin(self, was_acting: bool) -> bool:
        """Be on the way; False before anything was measured, and until the motors follow.

        Args:
            was_acting: Whether commands acted until now.
        """
        going, reading = self.going, self._link.reading
        self.going = reading is not None and self._link.switch_on()
        if reading is None or not self.going:
            return False
        measurement = reading.measurement
        if not going or self._link.sent is None:  # at rest it begins where it is, moving at what it was told last
            rest = self._homing.start(measurement, self._link.sent, was_acting)
            self._due, self._sweeping = was_acting and self._latch.goes_on, False
            if self._link.sent is None:
                self._filter.reset(rest)
        return True

    def command(self) -> Array:
        """The next command on it, shape (joints,)."""
        assert self._link.reading is not None  # see `begin`
        measurement = self._link.reading.measurement
        if self._sweep is not None and self._sweeping:
            return self._swept(self._sweep, measurement)
        command = self._filter(self._homing.command(measurement), measurement["joint_position"]).value
        problem = self._homing.too_long(measurement)
        if problem:
            self._link.trip(problem)
        elif self._homing.done and self._sweep is not None and self._due:
            self._sweep.start()
            self._due, self._sweeping = False, True
        elif self._homing.done:
            self._latch.fire(Event.HOMED)
        return command

    def _swept(self, sweep: Sweep, measurement: Measurement) -> Array:
        """The next command of the sweep, after whose last one the robot goes home."""
        position, sent = measurement["joint_position"], self._link.sent
        last = np.zeros_like(position) if sent is None else sent
        command = self._filter(sweep.command(position, last), position).value
        problem = sweep.stuck(position)
        if problem:
            self._link.trip(problem)
        elif sweep.done:
            self._sweeping = False
            self._homing.start(measurement, command, returns=True)
        return command
