# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Ends the program of ours that a robot may still have, and does not believe it before the robot's states show it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from ros_rl.backends.ur_rtde.link import Received
from ros_rl.backends.ur_rtde.state import stopped
from ros_rl.errors import BackendError

_AGAIN = 0.2  # s, between two looks


class Ending:
    """A thread that asks the robot to stop its program, as often as it takes. All but `finish` return at once.

    A program that somebody paused, or a protective stop, would go on with its last speed when it is resumed; and one
    that was sent just before its process was ended starts a little later, with nobody there to stop it.

    Args:
        stop: Asks the robot once; raises `BackendError` where nobody answers.
        newest: The robot's newest state.
    """

    def __init__(self, stop: Callable[[], None], newest: Callable[[], Received]) -> None:
        self._stop, self._newest = stop, newest
        self._lock, self._left = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, patience: float, settles: float) -> None:
        """Begin, in place of what was begun before.

        Args:
            patience: Time in which the program may end by itself before anybody is asked [s].
            settles: For how long nothing may run until it is over [s].
        """
        with self._lock:
            self._left.set()
            self._left = threading.Event()
            arguments = (self._left, patience, settles)
            self._thread = threading.Thread(target=self._run, args=arguments, daemon=True, name="ur end")
            self._thread.start()

    def leave(self) -> None:
        """Ask no more: another program is about to start."""
        with self._lock:
            self._left.set()

    def finish(self, seconds: float) -> None:
        """Wait until it is over, for so long at most [s], and ask no more."""
        if self._thread is not None:
            self._thread.join(seconds)
        self.leave()

    def _run(self, left: threading.Event, patience: float, settles: float) -> None:
        since = time.monotonic()
        while not left.wait(patience):
            patience, newest = _AGAIN, self._newest()
            if newest.measured <= since or not stopped(newest.state):
                with contextlib.suppress(BackendError):  # asked again
                    self._stop()
                since = time.monotonic()
            elif newest.measured - since >= settles:
                return
