# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a driver has its robot do in periods in which no command acts."""

from __future__ import annotations

from ros_rl.backends.backend import Reading
from ros_rl.runtime.command_path import CommandPath
from ros_rl.runtime.latch import Latch
from ros_rl.runtime.robot_link import RobotLink
from ros_rl.runtime.way_home import WayHome
from ros_rl.types import Array, SafetyState


class Idling:
    """Brings the robot home, holds it there, makes it safe or switches it off, as the latch says.

    Args:
        way_home: The way there.
        path: Of commands; what it holds rests where the robot does.
        link: To the robot.
        latch: Says what may act.
    """

    def __init__(self, way_home: WayHome, path: CommandPath, link: RobotLink, latch: Latch) -> None:
        self._way_home, self._path, self._link, self._latch = way_home, path, link, latch

    def leave(self) -> None:
        """Commands act from now on, or nothing does."""
        self._way_home.leave()

    @property
    def goes_home(self) -> bool:
        """Whether the robot is on its way home."""
        return self._way_home.going

    def period(self, acted: bool) -> tuple[Reading, bool]:
        """Open a period and close it.

        Args:
            acted: Whether commands did in the one before.

        Returns:
            How the robot is at its end, and whether anything was asked of it, if only to switch its motors on.

        Raises:
            BackendError: Nothing was ever measured.
        """
        path, link, state = self._path, self._link, self._latch.state
        if acted:
            path.forget_decided()
        command = self._command(state, acted)
        asked = command is not None or state is SafetyState.HOMING
        if command is not None:
            path.rest(command)
            link.write(command)
        elif state is SafetyState.DISARMED:
            link.switch_off()
        elif not asked:
            link.be_safe()
        reading = link.read()
        if not asked:
            path.guards.reset()  # nothing is asked of the robot, and nobody knows who moves it
        elif command is not None:
            path.previous = command if reading.applied is None else reading.applied
        return reading, asked

    def _command(self, state: SafetyState, acted: bool) -> Array | None:
        sent = self._link.sent
        if state is SafetyState.HOMING:
            if not self._way_home.begin(acted):
                return None
            if self._path.guards.doubts and sent is not None:
                return self._path.held(sent)
            return self._way_home.command()
        self._way_home.leave()
        if state is SafetyState.READY:
            return self._path.held(self._path.previous if sent is None else sent)
        return None
