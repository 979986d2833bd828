# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""When the driver opens its next tick: as soon as everybody answered, or by the clock. No ROS; time is passed in."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.types import Command, SafetyState, Tick, Verdict

CONTROLLER, COLLECTOR, LEARNER = "controller", "collector", "learner"
_REPEAT_SECONDS = 0.5  # after which an unanswered tick is published again


class Pacer(ABC):
    """Decides when a `DriverLoop` advances. Every method returns the tick to publish, or None.

    Args:
        loop: What advances.
        period: Control period [s].
        auto_recover: A node that answers again after its silence clears the fault and resets (simulator only).
    """

    def __init__(self, loop: DriverLoop, period: float, auto_recover: bool) -> None:
        self._loop, self._period, self._auto_recover = loop, period, auto_recover
        self._silent = ""
        self._opened = 0.0
        self.answers = 0
        """Ticks that a command answered in time."""
        self.misses = 0
        """Ticks that no command answered in time."""
        self.late = 0
        """Commands that came after their tick was closed."""

    def start(self, now: float, stamp: int | None = None) -> Tick:
        """Reset the robot, open the first tick of a new episode, forget a fault."""
        self._silent = ""
        self._loop.clear()
        return self._open(self._loop.start(stamp), now)

    @abstractmethod
    def command(self, command: Command, now: float) -> Tick | None:
        """A command came.

        Raises:
            CommandError: It has the wrong size or is not finite.
        """

    @abstractmethod
    def verdict(self, stamp: int, verdict: Verdict, now: float) -> Tick | None:
        """A verdict on the tick of that stamp [ns] came."""

    def allow(self, steps: int, now: float) -> Tick | None:
        """The learner allows this many environment steps in all."""
        return None

    @abstractmethod
    def poll(self, now: float, stamp: int) -> Tick | None:
        """Time has passed.

        Args:
            now: Steady clock [s].
            stamp: The clock's time [ns], for ticks that the clock paces.
        """

    def _accept(self, command: Command) -> bool:
        taken = self._loop.accept(command)
        if taken:
            self.answers += 1
        elif command.stamp < self._loop.tick.stamp:
            self.late += 1
        return taken

    def _open(self, tick: Tick, now: float) -> Tick:
        self._opened = now
        return tick

    def _trip(self, silent: str, reason: str) -> None:
        self._silent = silent
        self._loop.trip(reason)

    def _recovers(self, node: str) -> bool:
        """Whether an answer of `node` ends the fault that its silence caused."""
        return self._auto_recover and self._silent == node and self._loop.safety is SafetyState.FAULT


class LockStep(Pacer):
    """Advances when the command and the verdict for the open tick are there and the learner's allowance permits.

    Args:
        loop: What advances.
        period: Control period [s]; that of the wall clock while a fault is latched.
        auto_recover: A node that answers again after its silence clears the fault and resets.
        silence_limit: Wall-clock time without an answer after which the driver faults [s].
    """

    def __init__(self, loop: DriverLoop, period: float, auto_recover: bool, silence_limit: float) -> None:
        super().__init__(loop, period, auto_recover)
        self._limit = silence_limit
        self._verdict: Verdict | None = None
        self._allowance = 0
        self._allowance_heard: float | None = None
        self._published = 0.0

    def command(self, command: Command, now: float) -> Tick | None:
        """Take it; advance if it was the last answer missing."""
        if not self._accept(command):
            return None
        return self.start(now) if self._recovers(CONTROLLER) else self._advance(now)

    def verdict(self, stamp: int, verdict: Verdict, now: float) -> Tick | None:
        """Take it; advance if it was the last answer missing."""
        if stamp != self._loop.tick.stamp or self._verdict is not None:
            return None
        self._verdict = verdict
        return self.start(now) if self._recovers(COLLECTOR) else self._advance(now)

    def allow(self, steps: int, now: float) -> Tick | None:
        """Advance if only the allowance was missing."""
        self._allowance, self._allowance_heard = steps, now
        return self.start(now) if self._recovers(LEARNER) else self._advance(now)

    def poll(self, now: float, stamp: int) -> Tick | None:
        """Repeat an unanswered tick, fault on a silent node, and go on by the wall clock while a fault is latched."""
        if self._loop.safety is not SafetyState.RUNNING:
            return self._open(self._loop.advance(), now) if now - self._opened >= self._period else None
        silent = self._silent_node(now)
        if silent:
            self._trip(silent, f"{silent} has been silent for {self._limit:g} s")
            return self._open(self._loop.advance(), now)
        if now - self._published >= _REPEAT_SECONDS:
            self._published = now
            return self._loop.tick
        return None

    def waits_for(self) -> str:
        """Whose answer the open tick waits for."""
        if self._verdict is None:
            return COLLECTOR
        return LEARNER if self._loop.answered else CONTROLLER

    def _silent_node(self, now: float) -> str:
        """Who has been silent for longer than the limit; empty if nobody has.

        The learner may withhold its allowance for as long as it says so from time to time.
        """
        node, since = self.waits_for(), self._opened
        if node == LEARNER and self._allowance_heard is not None:
            since = max(since, self._allowance_heard)
        return node if now - since > self._limit else ""

    def _advance(self, now: float) -> Tick | None:
        loop = self._loop
        if loop.safety is not SafetyState.RUNNING or self._verdict is None:
            return None
        if self._verdict is Verdict.CONTINUE and not (loop.answered and loop.tick.env_steps < self._allowance):
            return None
        return self._open(loop.advance(self._verdict), now)

    def _open(self, tick: Tick, now: float) -> Tick:
        self._verdict, self._published = None, now
        return super()._open(tick, now)


class RealTime(Pacer):
    """Advances by the clock; a tick without a command in time is a miss.

    Args:
        loop: What advances.
        period: Control period [s].
        auto_recover: The controller's next answer clears the fault that its silence caused, and resets.
        miss_limit: Consecutive misses before the safe state.
    """

    def __init__(self, loop: DriverLoop, period: float, auto_recover: bool, miss_limit: int) -> None:
        super().__init__(loop, period, auto_recover)
        self._limit = miss_limit
        self._in_row = 0
        self._begun = False
        self._recover = False
        self._ending = Verdict.CONTINUE
        self._episode_stamp = 0

    def command(self, command: Command, now: float) -> Tick | None:
        """Take it; the clock does the rest."""
        if self._accept(command):
            self._begun, self._in_row = True, 0
            self._recover = self._recover or self._recovers(CONTROLLER)
        return None

    def verdict(self, stamp: int, verdict: Verdict, now: float) -> Tick | None:
        """Remember one that ends the episode, whichever of the episode's ticks it is about."""
        if stamp >= self._episode_stamp and verdict is not Verdict.CONTINUE:
            self._ending = verdict
        return None

    def poll(self, now: float, stamp: int) -> Tick | None:
        """A period has passed. Until the first command came, the first tick is only repeated."""
        loop = self._loop
        if self._recover:
            return self.start(now, stamp)
        if not self._begun and loop.safety is SafetyState.RUNNING:
            return loop.tick
        if loop.safety is SafetyState.RUNNING and not loop.answered and self._ending is Verdict.CONTINUE:
            self._in_row += 1
            self.misses += 1
            if self._in_row >= self._limit:
                self._trip(CONTROLLER, f"controller missed {self._in_row} deadlines in a row")
        return self._open(loop.advance(self._ending, stamp), now)

    def _open(self, tick: Tick, now: float) -> Tick:
        if tick.step == 0:
            self._episode_stamp = tick.stamp
            self._ending, self._in_row, self._recover = Verdict.CONTINUE, 0, False
        return super()._open(tick, now)
