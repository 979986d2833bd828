# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether commands may act: one table of states and edges, safe to use from any thread, and kept across restarts."""

from __future__ import annotations

import json
import os
import threading
import time
from enum import Enum
from pathlib import Path

from ros_rl.types import SafetyState

FILE = "latch.json"
"""Name of the file in a run's folder that keeps a fault or an emergency stop."""

_RUNNING, _DISARMED, _HOMING = SafetyState.RUNNING, SafetyState.DISARMED, SafetyState.HOMING
_READY, _FAULT, _STOP = SafetyState.READY, SafetyState.FAULT, SafetyState.EMERGENCY_STOP


class Event(Enum):
    """What may happen to a latch."""

    ARM = "arm"
    HOMED = "homed"
    RUN = "run"
    PAUSE = "pause"
    HOME = "home"
    DISARM = "disarm"
    TRIP = "trip"
    STOP = "emergency_stop"
    CLEAR = "clear_fault"
    RECOVER = "recover"


EDGES: dict[tuple[SafetyState, Event], SafetyState] = {
    (_DISARMED, Event.ARM): _HOMING,
    (_HOMING, Event.HOMED): _READY,
    (_READY, Event.RUN): _RUNNING,
    (_RUNNING, Event.PAUSE): _READY,
    **{(state, Event.HOME): _HOMING for state in (_READY, _RUNNING)},
    **{(state, Event.DISARM): _DISARMED for state in (_HOMING, _READY, _RUNNING)},
    **{(state, Event.TRIP): _FAULT for state in (_DISARMED, _HOMING, _READY, _RUNNING)},
    **{(state, Event.STOP): _STOP for state in SafetyState if state is not _STOP},
    **{(state, Event.CLEAR): _DISARMED for state in (_FAULT, _STOP)},
    (_FAULT, Event.RECOVER): _DISARMED,
}
"""Where each event leads. What is not listed changes nothing; an emergency stop is left by `CLEAR` alone."""

LATCHED = frozenset((_FAULT, _STOP))
"""States that only a person leaves, or, for a fault, a simulation that recovers by itself."""
ARMED = frozenset((_HOMING, _READY, _RUNNING))
"""States in which the driver sends the joints somewhere."""


class Latch:
    """The one place that says what may act. Every method may be called from any thread and returns at once.

    Args:
        file: Where a fault or an emergency stop is kept, and from which the last one is read; None keeps nothing.
        self_arming: It is armed and run without being asked, at the start and after `clear` (simulator only).
        keep_faults: Whether faults are kept, too; not where a simulation recovers from them by itself.
    """

    def __init__(self, file: Path | None = None, self_arming: bool = False, keep_faults: bool = True) -> None:
        self._lock = threading.RLock()
        self._file, self._self_arming, self._keep_faults = file, self_arming, keep_faults
        self._state, self._reason = _DISARMED, ""
        self.goes_on = self_arming
        """Whether it runs as soon as it is ready."""
        self.armings = 0
        """How many times it was armed."""
        self.lasting = False
        """Whether the fault is one that nothing recovers from by itself."""
        self.problem = ""
        """Why the newest stop could not be kept; empty if it was."""
        self._take_kept()

    @property
    def state(self) -> SafetyState:
        """The state."""
        return self._state

    @property
    def reason(self) -> str:
        """Why it is latched; empty if it is not."""
        return self._reason

    @property
    def armed(self) -> bool:
        """Whether commands of any kind reach the joints."""
        return self._state in ARMED

    @property
    def latched(self) -> bool:
        """Whether it is a fault or an emergency stop."""
        return self._state in LATCHED

    def fire(self, event: Event) -> bool:
        """Follow an edge of the table; returns False where there is none."""
        with self._lock:
            target = EDGES.get((self._state, event))
            if target is None:
                return False
            self._state = target
            self.armings += event is Event.ARM
            return True

    def begin(self) -> None:
        """The driver starts: arm, if that needs nobody."""
        if self._self_arming and self.fire(Event.ARM):
            self.goes_on = True

    def arm(self) -> bool:
        """Let the driver go home and be ready; False unless it was disarmed."""
        return self.fire(Event.ARM)

    def resume(self) -> bool:
        """Run now or as soon as the robot is ready; False unless it is armed."""
        with self._lock:
            if self._state not in ARMED:
                return False
            self.goes_on = True
            return True

    def pause(self) -> bool:
        """Stay ready, at rest, until `resume`; False unless it is armed."""
        with self._lock:
            if self._state not in ARMED:
                return False
            self.goes_on = False
            self.fire(Event.PAUSE)
            return True

    def home(self) -> bool:
        """Go to the home pose, and stay ready there until `resume`; False unless it is armed."""
        with self._lock:
            if not self.pause():
                return False
            self.fire(Event.HOME)
            return True

    def disarm(self) -> bool:
        """Let nothing act until it is armed; False where it is latched."""
        with self._lock:
            if self.latched:
                return False
            self.goes_on = False
            self.fire(Event.DISARM)
            return True

    def trip(self, reason: str, lasting: bool = False) -> bool:
        """Latch a fault; False if something is latched already.

        Args:
            reason: Why.
            lasting: Nothing recovers from it by itself.
        """
        with self._lock:
            if not self.fire(Event.TRIP):
                return False
            self._reason, self.lasting = reason, lasting
            if self._keep_faults or lasting:
                self._keep()
            return True

    def emergency_stop(self, reason: str = "emergency stop was called") -> None:
        """Latch the emergency stop, in every state."""
        with self._lock:
            if self.fire(Event.STOP):
                self._reason = reason
                self._keep()

    def clear(self) -> str:
        """Unlatch a fault or an emergency stop; what follows is as at the start. Returns what it was, or nothing."""
        return self._unlatch(Event.CLEAR)

    def recover(self) -> str:
        """Unlatch a fault that does not last, as `clear` does; an emergency stop stays."""
        return "" if self.lasting else self._unlatch(Event.RECOVER)

    def _unlatch(self, event: Event) -> str:
        with self._lock:
            if not self.fire(event):
                return ""
            was, self._reason, self.lasting = self._reason, "", False
            self.goes_on = False
            self._forget()
            self.begin()
            return was

    def _keep(self) -> None:
        if self._file is None:
            return
        content = {"state": self._state.name, "reason": self._reason, "since": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        partial = self._file.with_suffix(".partial")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8") as output:
                output.write(json.dumps(content) + "\n")
                output.flush()
                os.fsync(output.fileno())
            partial.replace(self._file)
            self.problem = ""
        except OSError as error:
            self.problem = f"{self._file} cannot be written: {error.strerror}; a restart forgets that it is stopped"

    def _forget(self) -> None:
        if self._file is None:
            return
        try:
            self._file.unlink(missing_ok=True)
            self.problem = ""
        except OSError as error:
            self.problem = f"{self._file} cannot be removed: {error.strerror}; a restart is stopped again"

    def _take_kept(self) -> None:
        """What cannot be read has been written because something was latched."""
        if self._file is None or not self._file.exists():
            return
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            self._state, self._reason = SafetyState[kept["state"]], str(kept["reason"])
            if self._state not in LATCHED:
                raise ValueError(self._state.name)
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._state, self._reason = _FAULT, f"{self._file} cannot be read ({type(error).__name__})"
        self.lasting = True
        self.goes_on = False
