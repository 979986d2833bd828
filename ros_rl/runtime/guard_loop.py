# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands between whoever commands and a driver of somebody else's, without ROS: filter, guards and a latch.

The other driver opens the ticks, delays and homes as `docs/driver_contract.md` says. Here each command is filtered
before it goes there, each of its ticks is judged, and what is latched holds, whatever the other says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ros_rl.errors import CommandError, beyond
from ros_rl.robot import Robot
from ros_rl.runtime.guarded_answers import GuardedAnswers
from ros_rl.runtime.latch import ARMED, LATCHED, Event, Latch
from ros_rl.runtime.lateness import Lateness
from ros_rl.runtime.other_driver import Insistence, OtherDriver
from ros_rl.runtime.pacing import Limits
from ros_rl.safety import Guards
from ros_rl.types import Command, SafetyState, Tick

_MIRRORED = {
    SafetyState.HOMING: (Event.HOME,),
    SafetyState.READY: (Event.HOMED, Event.PAUSE),
    SafetyState.RUNNING: (Event.HOMED,),
}


class GuardLoop:
    """Judges another driver's ticks and filters what answers them. `be_safe` may be called from any thread.

    Args:
        robot: The robot.
        period: Control period [s].
        latch: Says what may act.
        other: The other driver.
        limits: When it gives up; of these, `misses` and `lost_time`.
        keeps_time: Whether stamps follow a clock, and tell how late a tick is.
    """

    def __init__(
        self, robot: Robot, period: float, latch: Latch, other: OtherDriver, limits: Limits, keeps_time: bool
    ) -> None:
        self._robot, self._period, self._other = robot, period, other
        self.latch = latch
        self.limits = limits
        """When it gives up."""
        self._answers, self._insistence = GuardedAnswers(robot, period, other), Insistence(other)
        self._guards = Guards(robot, period)
        self._lateness = Lateness() if keeps_time else None
        self._tick: Tick | None = None
        self._shown: Tick | None = None
        self._session: int | None = None
        self._heard, self._hears = 0.0, False  # when last, and whether since the start
        self._answered = self._by_person = False
        self._answered_by_person = False  # the tick before
        self._in_row = 0
        self._was_armed = False
        self.misses = 0
        """Ticks that no valid command answered in time."""
        self.late = 0
        """Commands that came after their tick was closed."""
        self.faults = 0
        """Faults that were latched."""
        self.answers = 0
        """Ticks that a command answered in time."""

    @property
    def limited(self) -> int:
        """Commands that the filter changed."""
        return self._answers.limited

    @property
    def heard(self) -> bool:
        """Whether the other driver ever said anything."""
        return self._tick is not None

    def hears(self, now: float) -> bool:
        """Whether the other driver says something now, so that it is watched once it is armed.

        Args:
            now: Steady clock [s].
        """
        return self._hears and not self._lost(now)

    def start(self, now: float) -> None:
        """Begin to watch, disarmed.

        Args:
            now: Steady clock [s].
        """
        self.latch.disarm()
        self._heard, self._hears = now, False

    def take(self, tick: Tick, session: int, now: float) -> Tick:
        """Judge a tick of the other driver's, and answer it where nobody else may.

        Args:
            tick: The other driver's.
            session: Number of its start.
            now: Steady clock [s].

        Returns:
            What everybody else is to see of it.
        """
        last, self._heard, self._hears = self._tick, now, True
        if last is not None and tick.stamp == last.stamp and session == self._session:
            return self._repeat(tick)
        self._follow(tick, last, session)
        self._count_miss(tick, last)
        self._answers.open(tick, anew=tick.step == 0 or not self._answered)  # then the other driver decided what acts
        self._answered_by_person = self._answered and self._by_person
        self._tick, self._session = tick, session
        self._answered = self._by_person = False
        self._judge(tick, last, now)
        self._shown = self._seen(tick)
        self._hold(tick)
        self.insist(now)
        return self._shown

    def command(self, command: Command) -> bool:
        """Send a command on, filtered, if it answers the open tick for the first time.

        Returns:
            Whether it was sent on.

        Raises:
            CommandError: It has the wrong size or is not finite; it goes nowhere.
        """
        tick, shown = self._tick, self._shown
        if tick is None or shown is None or command.stamp != tick.stamp or self._answered:
            self.late += tick is not None and command.stamp < tick.stamp
            return False
        if shown.safety is not SafetyState.RUNNING or not self.latch.armed:
            if command.value.shape != (self._robot.size,) or not np.isfinite(command.value).all():
                raise CommandError(f"command is not finite or has not {self._robot.size} values: {command.value}")
            if self.latch.armed:  # a sign that somebody is there
                self._answers.rest(tick)
            return False
        self._answers.command(tick, command.value)
        self.answers += 1
        self._answered, self._by_person = True, command.by_person
        if not self.latch.armed:  # a stop wins, also one that came in between
            self.be_safe()
        return True

    def poll(self, now: float) -> None:
        """Time has passed.

        Args:
            now: Steady clock [s].
        """
        if self.latch.armed and self._lost(now):
            silent, limit = now - self._heard, self.limits.lost_time
            self.trip(f"the driver has been silent for {beyond(silent, limit, 2)} s, limit {limit:g} s")
        self.insist(now)

    def _lost(self, now: float) -> bool:
        return now - self._heard > self._period + self.limits.lost_time

    def trip(self, reason: str) -> bool:
        """Latch a fault and have the other driver stop; False if something is latched already."""
        latched = self.latch.trip(reason)
        self.faults += latched
        self.be_safe()
        return latched

    def be_safe(self) -> None:
        """Have the other driver stop by itself; may be called from any thread."""
        self._other.request("emergency_stop" if self.latch.latched else "disarm")

    def insist(self, now: float) -> None:
        """Ask for what the other driver does not do yet: to stop, where it goes on.

        Args:
            now: Steady clock [s].
        """
        self._insistence.ask(self._missing_stop(), now)

    def _missing_stop(self) -> str:
        if self._tick is None or self._tick.safety not in ARMED:
            return ""
        if self.latch.latched:
            return "emergency_stop"
        if not self.latch.armed:
            return "disarm"
        runs = self._tick.safety is SafetyState.RUNNING and self.latch.state is SafetyState.READY
        return "pause" if runs else ""

    def _repeat(self, tick: Tick) -> Tick:
        """The same tick again, as in lock-step: the same answer again."""
        self._answers.repeat(tick)
        shown = self._shown = self._seen(tick)
        return shown

    def _follow(self, tick: Tick, last: Tick | None, session: int) -> None:
        """Keep up with what the other driver does; where that was not asked for here, nothing goes on."""
        latch, theirs = self.latch, tick.safety
        if latch.armed and last is not None and session != self._session:
            self.trip("the driver was started anew")
        elif latch.armed and last is not None and tick.stamp <= last.stamp:
            self.trip(f"the driver's stamps go back, by {(last.stamp - tick.stamp) * 1e-9:.3f} s")
        if session != self._session and self._lateness is not None:
            self._lateness.reset()
        if latch.armed and theirs in LATCHED:
            self.trip(f"the driver reports {theirs.name}")
        elif self._was_armed and latch.armed and theirs is SafetyState.DISARMED:
            latch.disarm()
        self._was_armed = latch.armed and theirs in ARMED
        for event in _MIRRORED.get(theirs, ()):
            latch.fire(event)
        if theirs is SafetyState.RUNNING and latch.goes_on:
            latch.fire(Event.RUN)

    def _count_miss(self, tick: Tick, last: Tick | None) -> None:
        running = SafetyState.RUNNING
        if last is None or self._shown is None or self._shown.safety is not running or tick.safety is not running:
            self._in_row = 0
            return
        if tick.step == 0 or self._answered:
            self._in_row = 0
            return
        self.misses += 1
        self._in_row += 1
        if self.latch.armed and self._in_row >= self.limits.misses:
            self.trip(f"controller missed {self._in_row} deadlines in a row")

    def _judge(self, tick: Tick, last: Tick | None, now: float) -> None:
        """By the guards, as long as the robot is armed."""
        late = self._lateness(tick.stamp, now) if self._lateness is not None else 0.0
        if last is None or tick.step == 0 or tick.safety is not last.safety or tick.safety not in ARMED:
            self._guards.reset()  # it may have been put elsewhere
        if not (self.latch.armed and tick.safety in ARMED):
            return
        elapsed = self._period if last is None else max(self._period, (tick.stamp - last.stamp) * 1e-9)
        acting = last is not None and last.safety is tick.safety is SafetyState.RUNNING
        reason = self._guards.check(
            tick.measurement, tick.previous_command, sequence=tick.index, acting=acting, elapsed=elapsed
        )
        limit = self.limits.lost_time
        if late > limit:
            reason = f"the driver's tick came {beyond(late, limit, 2)} s late, limit {limit:g} s"
        if reason:
            self.trip(reason)

    def _seen(self, tick: Tick) -> Tick:
        """A tick with what acts on the way from here to the joints."""
        ours, theirs = self.latch.state, tick.safety
        if self.latch.latched:
            state = ours
        elif theirs in LATCHED:
            state = theirs
        elif not self.latch.armed:
            state = SafetyState.DISARMED
        elif theirs is SafetyState.RUNNING and ours is not SafetyState.RUNNING:
            state = SafetyState.READY
        else:
            state = theirs
        intact = tick.intact and state is SafetyState.RUNNING
        return replace(tick, safety=state, intact=intact, by_person=intact and self._answered_by_person)

    def _hold(self, tick: Tick) -> None:
        """Answer a tick at which the other driver acts, and nobody here may: rest."""
        shown = self._shown
        if tick.safety is SafetyState.RUNNING and (shown is None or shown.safety is not SafetyState.RUNNING):
            self._answers.rest(tick)
            self._answered = True
