# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the driver does, without ROS: it opens and closes ticks, as the latch lets it.

The driver opens tick k, takes the command that answers it, and closes it one control period later. What acts in
between is u_k, which was decided `delay` ticks earlier; it is written when the period opens, and the robot is read when
the period ends (contracts 2 and 3 of the design). Whether anything acts at all, the `Latch` says.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from ros_rl.backends.backend import Backend, Reading, Simulator
from ros_rl.robot import Robot
from ros_rl.runtime.arena import Arena
from ros_rl.runtime.asked_inputs import AskedInputs
from ros_rl.runtime.command_path import CommandPath
from ros_rl.runtime.episode_starts import EpisodeStarts
from ros_rl.runtime.episodes import Episodes
from ros_rl.runtime.homing import Homing
from ros_rl.runtime.idling import Idling
from ros_rl.runtime.latch import Event, Latch
from ros_rl.runtime.robot_link import RobotLink
from ros_rl.runtime.sweep import Sweep
from ros_rl.runtime.tick_clock import TickClock
from ros_rl.runtime.ticks import Ticks
from ros_rl.runtime.way_home import WayHome
from ros_rl.tasks import Task
from ros_rl.types import Array, Command, SafetyState, Tick, Verdict

COMMAND_HOLDS = 2.0
"""Control periods after which a target expires in the backend, unless it is set otherwise."""
HOMING_SPEED, RETURN_SPEED = 0.05, 0.1
"""Shares of the velocity limits at which a robot goes home, at first and at an episode's end, unless set otherwise."""


class DriverLoop:
    """One robot's ticks. `emergency_stop` and the latch may be used from any thread, all else from one.

    Args:
        robot: The robot.
        task: Draws what each episode asks for.
        backend: Moves the robot; a `Simulator` is reset where a robot goes home by itself.
        rate_hz: Control rate [Hz].
        delay: Control periods between a decision and its action.
        seed: Of starts and inputs; see `Episodes`.
        auto_recover: A tripped guard clears itself and resets the episode (simulator only).
        latch: Says what may act; None for one that keeps nothing, and lets only a simulator begin by itself.
        command_holds: Control periods after which a target expires in the backend.
        homing_speed: Share of the velocity limits at which a robot that was not acting goes home.
        return_speed: The same of one that was, at an episode's end.
        lost_time: How long a call of the backend's may take [s].
        camera_limit: How old a simulator's pictures may be [s].
        stays: Nothing is reset and nothing goes home: what begins, an episode too, begins where the robot is.
        sweep: What an arm does on its way home between episodes, in a simulator too, which is then reset at the start
            and after faults alone; None: nothing.
        arena: Turns it round by command at the edge of its place; None where there is no edge.
        draws_inputs: Whether the task draws what it is asked for, or else a person asks, as on a robot; None: in a
            simulator.
        clock: The steady clock [s].
    """

    def __init__(
        self,
        robot: Robot,
        task: Task,
        backend: Backend,
        rate_hz: float,
        delay: int,
        seed: int = 0,
        *,
        auto_recover: bool = False,
        latch: Latch | None = None,
        command_holds: float = COMMAND_HOLDS,
        homing_speed: float = HOMING_SPEED,
        return_speed: float = RETURN_SPEED,
        lost_time: float = math.inf,
        camera_limit: float = math.inf,
        stays: bool = False,
        sweep: Sweep | None = None,
        arena: Arena | None = None,
        draws_inputs: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        simulator = backend if isinstance(backend, Simulator) else None
        self._simulated = simulator is not None
        self.latch = latch or Latch(self_arming=self._simulated)
        self._clock = TickClock(rate_hz)
        period = self._clock.period
        self._link = RobotLink(backend, self.latch, command_holds * period, clock, lost_time)
        self._auto_recover, self._stays, self._sweeps = auto_recover, stays, sweep is not None
        self._path = CommandPath(robot, period, delay, self._link, camera_limit)
        homing = Homing(robot, period, homing_speed, return_speed)
        way_home = WayHome(homing, self._path.filter, self._link, self.latch, sweep)
        self._idling = Idling(way_home, self._path, self._link, self.latch)
        draws = self._simulated if draws_inputs is None else draws_inputs
        self._inputs = AskedInputs(task, robot, period, draws)
        self._episodes = Episodes(self._inputs, arena, seed)
        self._ticks = Ticks(robot, backend, self._clock, self._episodes, self._path, self._link, self.latch)
        self._starts = EpisodeStarts(
            simulator, self._episodes, self._ticks, self._path, self._idling, self._link, self.latch
        )

    @property
    def attended(self) -> bool:
        """Whether somebody answers ticks; until then a robot that is ready stays so."""
        return self._starts.attended

    @attended.setter
    def attended(self, attended: bool) -> None:
        self._starts.attended = attended

    @property
    def safety(self) -> SafetyState:
        """Whether commands act."""
        return self.latch.state

    @property
    def fault(self) -> str:
        """Why a fault or the emergency stop is latched; empty otherwise."""
        return self.latch.reason

    @property
    def pending(self) -> str:
        """What the motors wait for before they follow; empty while none is being switched on."""
        return self._link.pending

    @property
    def faults(self) -> int:
        """Faults that were latched, those that cleared themselves included."""
        return self._link.faults

    @property
    def limited(self) -> int:
        """Commands that the filter changed."""
        return self._path.limited

    @property
    def missed(self) -> int:
        """Ticks that no valid command answered in time."""
        return self._path.missed

    @property
    def held_back(self) -> int:
        """Ticks at which the robot was to stand still, since its state was late or stood."""
        return self._path.held_back

    @property
    def tick(self) -> Tick:
        """The open tick."""
        return self._ticks.tick

    @property
    def answered(self) -> bool:
        """Whether the open tick has its command."""
        return self._path.answered

    def start(self, stamp: int | None = None) -> Tick:
        """Open a tick: in a simulator the first of a new episode, on a robot where it stands.

        Args:
            stamp: Its stamp [ns]; None: one period after the last.

        Raises:
            BackendError: Nothing can be measured.
        """
        self.latch.begin()
        self.latch.fire(Event.HOME)
        if self._goes_on():
            return self._go_on(stamp)
        if self._simulated and (self.latch.armed or self._link.reading is None):
            return self._reset(stamp)
        if self._link.reading is None:
            self._episodes.draw()
        return self._idle(stamp)

    def accept(self, command: Command) -> bool:
        """Take the command that answers the open tick; see `Ticks.accept`."""
        return self._ticks.accept(command)

    def give(self, name: str, value: np.ndarray) -> str:
        """Ask the task for something, from the next tick on: until the next episode, on a robot as long as it holds.

        See `AskedInputs.give`.
        """
        return self._inputs.give(name, value, self._clock.index)

    def advance(self, verdict: Verdict = Verdict.CONTINUE, stamp: int | None = None, whole: bool = True) -> Tick:
        """Close the open tick and open the next, after one control period, of a new episode if the verdict says so.

        A simulator is reset for that, in no time; a robot goes home, and so does an arm that sweeps. One that stays is
        what it is: the period passes under the command that acts, and the next tick begins another episode.

        Without a command the robot is to stand still in the period that this tick's was for: positions stay as decided
        last, velocities and efforts become zero, as fast as the limits let them. With a state that is late, or that
        stands though it should not, it is to do so from now on. The next tick says that the chain broke; what lasts is
        a fault, by the limits of pacing and guards.

        Args:
            verdict: On the open tick.
            stamp: Of the next tick [ns]; None: one period after the last.
            whole: Whether the period was as long as it should be.

        Raises:
            BackendError: Nothing can be measured, and nothing ever was.
        """
        latch, reading = self.latch, self._link.reading
        if latch.state is SafetyState.RUNNING and verdict is not Verdict.CONTINUE:
            latch.fire(Event.HOME)
        if self._goes_on():
            return self._go_on(stamp)
        if latch.state is SafetyState.HOMING and self._simulated and not self._goes_home():
            return self._reset(stamp)
        if latch.state is SafetyState.RUNNING and self._ticks.acts:
            return self._act(stamp, whole)
        if latch.state is SafetyState.READY and reading is not None and self._starts.runs():
            return self._starts.at_rest(reading, stamp, redraws=self._sweeps)
        return self._idle(stamp)

    def trip(self, reason: str) -> bool:
        """Latch a fault and do the robot's safe action; False if something is latched already."""
        return self._link.trip(reason)

    def emergency_stop(self) -> None:
        """Latch the emergency stop, in any state and from any thread; the robot does its safe action."""
        self.latch.emergency_stop()
        self.be_safe()

    def clear(self) -> str:
        """Unlatch a fault or an emergency stop, which is returned; what follows is a new episode."""
        return self.latch.clear()

    def be_safe(self) -> None:
        """Send the robot its safe action; may be called from any thread."""
        self._link.be_safe()

    def end(self) -> None:
        """Let nothing act any more: the safe action, then the motors off."""
        self.latch.disarm()
        self.be_safe()
        self._link.switch_off()

    def _goes_on(self) -> bool:
        """Whether what begins does so where the robot is: nothing homes one that stays and was measured."""
        return self._stays and self.latch.state is SafetyState.HOMING and self._link.reading is not None

    def _goes_home(self) -> bool:
        """Whether a simulated arm that sweeps is on its way, or begins it; else it is reset."""
        return self._sweeps and (self._ticks.acts or self._idling.goes_home)

    def _reset(self, stamp: int | None) -> Tick:
        """Begin a new episode of a simulation, if it can be reset."""
        tick = self._starts.reset(stamp)
        return self._idle(stamp) if tick is None else tick

    def _go_on(self, stamp: int | None) -> Tick:
        """Close a period under the command that holds the robot, or that keeps its joints where they are."""
        reading = self._path.stay()
        self._ticks.count(stamp, self._ticks.acts)
        if self.latch.armed:
            self._guard(reading, self._link.sent)
        held = self._link.sent is not None
        return self._starts.here(reading) if held else self._ticks.open(reading, intact=False)

    def _act(self, stamp: int | None, whole: bool) -> Tick:
        """Close a period in which commands acted."""
        answered = self._path.answered
        reading = self._path.close()
        self._ticks.count(stamp, acted=True)
        self._guard(reading, self._path.previous)
        if self.latch.state is SafetyState.HOMING and self._simulated:  # recovered by itself
            return self._starts.here(reading) if self._stays else self._reset(None)
        running = self.latch.state is SafetyState.RUNNING
        held_back = self._path.hold_back(running)
        return self._ticks.open(reading, answered and whole and running and not held_back, answered)

    def _idle(self, stamp: int | None) -> Tick:
        """Close a period in which no command acted."""
        reading, asked = self._idling.period(self._ticks.acts)
        self._ticks.count(stamp)
        if asked:
            self._guard(reading, self._link.sent)
        return self._ticks.open(reading, intact=False)

    def _guard(self, reading: Reading, acting: Array | None) -> None:
        if self._path.guard(reading, acting, self._clock.elapsed) and self._auto_recover:
            self._idling.leave()
            self.latch.recover()
