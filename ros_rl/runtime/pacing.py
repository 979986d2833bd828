# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""When the driver opens its next tick: as soon as everybody answered, or by the clock. No ROS; time is passed in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass

from ros_rl.errors import beyond
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
        """Open a tick: the first of a new episode in a simulator, if nothing is latched.

        Raises:
            BackendError: Nothing can be measured.
        """
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
        if tick.safety is SafetyState.RUNNING:
            self._silent = ""
        return tick

    def _trip(self, silent: str, reason: str) -> None:
        """Latch a fault that an answer of `silent` may end."""
        if self._loop.trip(reason):
            self._silent = silent

    def _may_recover(self, node: str) -> bool:
        """Whether an answer of `node` ends the fault that its silence caused; an emergency stop it never does."""
        return self._auto_recover and self._silent == node and self._loop.safety is SafetyState.FAULT

    def _recover(self, now: float, stamp: int | None = None) -> Tick | None:
        return self.start(now, stamp) if self._loop.latch.recover() else None


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
        self.silence_limit = silence_limit
        """Wall-clock time without an answer after which the driver faults [s]."""
        self._verdict: Verdict | None = None
        self._allowance = 0
        self._allowance_heard: float | None = None
        self._published = 0.0

    def command(self, command: Command, now: float) -> Tick | None:
        """Take it; advance if it was the last answer missing."""
        if not self._accept(command):
            return None
        return self._recover(now) if self._may_recover(CONTROLLER) else self._advance(now)

    def verdict(self, stamp: int, verdict: Verdict, now: float) -> Tick | None:
        """Take it; advance if it was the last answer missing."""
        if stamp != self._loop.tick.stamp or self._verdict is not None:
            return None
        self._verdict = verdict
        return self._recover(now) if self._may_recover(COLLECTOR) else self._advance(now)

    def allow(self, steps: int, now: float) -> Tick | None:
        """Advance if only the allowance was missing."""
        self._allowance, self._allowance_heard = steps, now
        return self._recover(now) if self._may_recover(LEARNER) else self._advance(now)

    def poll(self, now: float, stamp: int) -> Tick | None:
        """Repeat an unanswered tick, fault on a silent node, and go on by the wall clock while a fault is latched."""
        if self._loop.safety is not SafetyState.RUNNING:
            return self._open(self._loop.advance(), now) if now - self._opened >= self._period else None
        silent = self._silent_node(now)
        if silent:
            self._trip(silent, f"{silent} has been silent for {self.silence_limit:g} s")
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
        return node if now - since > self.silence_limit else ""

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


@dataclass(frozen=True)
class Limits:
    """When a driver that keeps its own time gives up on the others, and on itself."""

    misses: int = 2
    """Deadlines missed in a row."""
    miss_share: float = 0.2
    """Share of the last `MISS_WINDOW` deadlines."""
    unjudged: float = 1.0
    """Time beyond a control period without a verdict of the collector [s]; 0: nobody has to judge."""
    lost_time: float = 0.5
    """Length of a period [s]."""


MISS_WINDOW = 100
"""Periods over which the share of missed deadlines is taken."""
_WHOLE = 1.5  # control periods; what was longer is no step of one period


class RealTime(Pacer):
    """Advances by the clock; a tick without a command in time is a miss.

    Until the first command came, a robot that is ready stays so.

    Args:
        loop: What advances.
        period: Control period [s].
        auto_recover: The next answer of who was silent clears the fault that this caused, and resets.
        limits: When it gives up.
        commander: The node that answers ticks, for messages.
    """

    def __init__(
        self, loop: DriverLoop, period: float, auto_recover: bool, limits: Limits, commander: str = CONTROLLER
    ) -> None:
        super().__init__(loop, period, auto_recover)
        self._commander = commander
        self.limits = limits
        """When it gives up."""
        self._in_row = 0
        self._missed: deque[bool] = deque(maxlen=MISS_WINDOW)
        self._judged: float | None = None
        self._answered = False
        self._ending = Verdict.CONTINUE
        self._episode_stamp = 0
        loop.attended = False
        self.broken = 0
        """Periods that took so long that they are no step."""

    def command(self, command: Command, now: float) -> Tick | None:
        """Take it; the clock does the rest."""
        if self._accept(command):
            self._loop.attended, self._in_row = True, 0
            self._answered = self._answered or self._may_recover(CONTROLLER)
        return None

    def verdict(self, stamp: int, verdict: Verdict, now: float) -> Tick | None:
        """Remember one that ends the episode, whichever of the episode's ticks it is about."""
        self._judged = now
        self._answered = self._answered or self._may_recover(COLLECTOR)
        if stamp >= self._episode_stamp and verdict is not Verdict.CONTINUE:
            self._ending = verdict
        return None

    def poll(self, now: float, stamp: int) -> Tick | None:
        """A period has passed."""
        loop, elapsed = self._loop, now - self._opened
        answered, self._answered = self._answered, False
        if answered:
            recovered = self._recover(now, stamp)
            if recovered is not None:
                return recovered
        whole = elapsed <= _WHOLE * self._period
        self.broken += not whole
        held_up = elapsed - self._period
        limit = self.limits.lost_time
        if loop.latch.armed and held_up > limit:
            self._trip(CONTROLLER, f"the driver was held up for {beyond(held_up, limit, 2)} s, limit {limit:g} s")
        if loop.safety is SafetyState.RUNNING:
            self._watch(now)
        ending, self._ending = self._ending, Verdict.CONTINUE
        return self._open(loop.advance(ending, stamp, whole), now)

    def _watch(self, now: float) -> None:
        """Count what is missing, and fault when it is too much."""
        limits, loop = self.limits, self._loop
        missed = not loop.answered and self._ending is Verdict.CONTINUE
        self._missed.append(missed)
        self._judged = now if self._judged is None else self._judged
        if missed:
            self._in_row += 1
            self.misses += 1
        if self._in_row >= limits.misses:
            self._trip(CONTROLLER, f"{self._commander} missed {self._in_row} deadlines in a row")
        elif missed and sum(self._missed) > limits.miss_share * MISS_WINDOW:
            self._trip(
                CONTROLLER, f"{self._commander} missed {sum(self._missed)} of the last {len(self._missed)} deadlines"
            )
        elif limits.unjudged and now - self._judged - self._period > limits.unjudged:
            self._trip(COLLECTOR, f"collector has given no verdict for {now - self._judged:.1f} s")

    def _open(self, tick: Tick, now: float) -> Tick:
        if tick.safety is not SafetyState.RUNNING:
            self._judged = None
            self._missed.clear()
        elif tick.step == 0:
            self._episode_stamp, self._in_row = tick.stamp, 0
        return super()._open(tick, now)
