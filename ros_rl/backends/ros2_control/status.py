# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the robot itself says of its program, its speed and its safety; time is passed in."""

from __future__ import annotations

import math

from ros_rl.settings.hardware.ros2_control import Ros2ControlSettings

_SPEED_SILENCE = 1.0  # s; it comes at 100 Hz
_FINE = ("", "NORMAL", "REDUCED")  # safety modes
_UNLOCKED = "PROTECTIVE_STOP"


class Status:
    """The newest of each; what was never told is not watched. Each is set from one thread and may be read from any.

    Args:
        settings: Whether it is watched, and the lowest speed.
    """

    def __init__(self, settings: Ros2ControlSettings) -> None:
        self._settings = settings
        self.program: bool | None = None
        """Whether the robot's program runs; None: never told."""
        self.safety = ""
        """Safety mode, where the vendor's messages are installed."""
        self.mode = ""
        """The robot's mode, RUNNING where it is powered and its brakes are open; likewise."""
        self._speed, self._speed_at = math.nan, -math.inf

    def take_speed(self, per_cent: float, now: float) -> None:
        """Take the speed scaling [%]."""
        self._speed, self._speed_at = per_cent, now

    @property
    def complete(self) -> bool:
        """Whether program and speed scaling have been told."""
        return self.program is not None and math.isfinite(self._speed_at)

    @property
    def for_person(self) -> bool:
        """Whether only a person at the robot can get it out of its safety mode, such as an emergency stop."""
        return self.safety not in (*_FINE, _UNLOCKED)

    @property
    def stopped(self) -> str:
        """Why the robot follows no commands until its program is started again; empty if it does."""
        if self.safety not in _FINE:
            return f"the robot's safety mode is {self.safety}"
        if self.mode not in ("", "RUNNING"):
            return f"the robot's mode is {self.mode}, not RUNNING"
        return "the robot's program does not run" if self.program is False else ""

    def problem(self, now: float) -> str:
        """What is wrong; empty if nothing."""
        if self._settings.status == "none":
            return ""
        if self.stopped:
            first = "release it at the robot, then " if self.for_person else ""
            return f"{self.stopped}: {first}clear the fault and arm, which restarts it"
        if not math.isfinite(self._speed_at):
            return ""
        lowest = self._settings.lowest_speed
        if now - self._speed_at > _SPEED_SILENCE:
            return f"the speed scaling has not been told for {now - self._speed_at:.1f} s"
        if self._speed >= lowest and self._speed > 0.0:
            return ""
        return f"speed scaling is {self._speed:g} %, lowest allowed {lowest:g} %: joints do not do what they are told"
