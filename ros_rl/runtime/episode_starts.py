# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a driver's episodes begin: from a reset, from where the robot is, or from where it came to rest."""

from __future__ import annotations

from ros_rl.backends.backend import Reading, Simulator
from ros_rl.runtime.command_path import CommandPath
from ros_rl.runtime.episodes import Episodes
from ros_rl.runtime.idling import Idling
from ros_rl.runtime.latch import Event, Latch
from ros_rl.runtime.robot_link import RobotLink
from ros_rl.runtime.ticks import Ticks
from ros_rl.types import Array, Tick


class EpisodeStarts:
    """Opens the first tick of an episode, or, where nothing may run yet, one at which the robot is ready for it.

    Args:
        simulator: What is reset; None on a robot.
        episodes: That begin.
        ticks: Opens them.
        path: Of commands; begins from the one that the robot rests under.
        idling: Is left.
        link: To the robot.
        latch: Says what may act.
    """

    def __init__(
        self,
        simulator: Simulator | None,
        episodes: Episodes,
        ticks: Ticks,
        path: CommandPath,
        idling: Idling,
        link: RobotLink,
        latch: Latch,
    ) -> None:
        self._simulator, self._episodes, self._ticks = simulator, episodes, ticks
        self._path, self._idling, self._link, self._latch = path, idling, link, latch
        self.attended = True
        """Whether somebody answers ticks; until then a robot that is ready stays so."""

    def runs(self) -> bool:
        """Let commands act, if somebody answers ticks and the latch goes on; whether they do."""
        return self.attended and self._latch.goes_on and self._latch.fire(Event.RUN)

    def reset(self, stamp: int | None) -> Tick | None:
        """A new episode of a simulation, or its first measurement where nothing may act.

        Args:
            stamp: Of the tick [ns]; None: one period after the last.

        Returns:
            Its first tick; None if the simulator cannot be reset, which is a fault then.
        """
        simulator = self._simulator
        assert simulator is not None  # nothing else is reset
        self._link.switch_on()
        reading = self._link.ask("reset", simulator.reset, self._episodes.start())
        if reading is None:
            self._episodes.draw()  # ticks go on, and ask for something
            return None
        self._link.reading, rest = reading, simulator.rest(reading.measurement)
        self._path.guards.reset()
        self._latch.fire(Event.HOMED)
        self._ticks.count(stamp)
        if self.runs():
            return self._begin(reading, rest)
        self._path.previous = rest
        self._path.filter.reset(rest)
        self._episodes.draw()  # whoever is to answer needs to see what is asked for
        return self._ticks.open(reading, intact=False)

    def here(self, reading: Reading) -> Tick:
        """A new episode where the robot is, unless nothing may run; the tick is counted already.

        Args:
            reading: How it is.
        """
        if self._latch.fire(Event.HOMED):
            rest = self._path.here(reading.measurement)
            self._redraw()
            if self.runs():
                return self._begin(reading, rest)
            self._path.rest(rest)
        return self._ticks.open(reading, intact=False)

    def at_rest(self, reading: Reading, stamp: int | None, redraws: bool) -> Tick:
        """A new episode from where the robot has come to rest, of which commands act already; see `runs`.

        Args:
            reading: How it is.
            stamp: Of the tick [ns]; None: one period after the last.
            redraws: Whether a simulator draws anew what the episode meets.
        """
        self._ticks.count(stamp)
        if redraws:
            self._redraw()
        return self._begin(reading, self._path.at_last())

    def _redraw(self) -> None:
        """Draw what an episode that is not reset meets."""
        if self._simulator is not None:
            self._link.ask("redraw", self._simulator.redraw, self._episodes.start())

    def _begin(self, reading: Reading, rest: Array) -> Tick:
        """The first tick of an episode, from where the robot is and from the command that it rests under."""
        self._idling.leave()
        self._path.begin(rest)
        self._episodes.begin(reading.measurement)
        return self._ticks.open(reading, intact=True)
