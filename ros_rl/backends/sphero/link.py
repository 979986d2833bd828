# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's side of the process that has the toy."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from ros_rl.errors import BackendError
from ros_rl.settings.hardware.sphero import SpheroSettings

_ENDING = 15.0  # s, for which it may try to switch the motors off
_LOOKS, _HANGS, _AGAIN = 0.05, 0.35, 1.0  # s


class Link:
    """Starts the process and speaks to it. Every method but `start` and `close` returns at once.

    The toy does for ever what it was told last. So a process that ends by itself or hangs is replaced: the next one
    reaches the toy, and switches its motors off before anything else.

    Args:
        settings: Which toy, and how it is reached.
        clock: The steady clock [s].
    """

    def __init__(self, settings: SpheroSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._process: subprocess.Popen[str] | None = None
        self._ready, self._closing = threading.Event(), threading.Event()
        self._watch = threading.Thread(target=self._replace, daemon=True, name="sphero watch")
        self._heard = clock()
        self._lock = threading.Lock()
        self._powers, self._since = (0, 0), clock()
        self._way = [0.0, 0.0]
        self.on = False
        """Whether the toy takes powers."""
        self.problem = ""
        """What went wrong since the motors were switched on last; empty if nothing."""

    def start(self) -> None:
        """Reach the toy; it does not move.

        Raises:
            BackendError: It is not there.
        """
        process = self._launch()
        deadline = self._clock() + self._settings.connect_time + 10.0
        while not self._ready.wait(0.05):
            if self.problem or process.poll() is not None or self._clock() > deadline:
                problem = self.problem or "the toy cannot be reached"
                self.close()
                raise BackendError(problem)
        self._watch.start()

    def switch(self, on: bool) -> None:
        """Let the motors turn, or not; what went wrong before is forgotten when they may."""
        self.on = False
        if on:
            self.problem = ""
        self._say("on" if on else "off")

    def drive(self, left: int, right: int, until: float) -> None:
        """Hold powers, -255 to 255, until a moment of the steady clock [s]."""
        self._say(f"{left} {right} {until}")

    def told(self) -> tuple[list[float], tuple[int, int]]:
        """For how long the motors were told to turn, in seconds of full power, and the powers that they have now."""
        with self._lock:
            self._pass(self._clock())
            return list(self._way), self._powers

    def close(self) -> None:
        """Switch the motors off and leave the toy."""
        self._closing.set()
        if self._watch.is_alive():
            self._watch.join()
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _launch(self) -> subprocess.Popen[str]:
        settings = self._settings
        arguments = [settings.toy, settings.bridge, str(settings.reply_time), str(settings.connect_time)]
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "ros_rl.backends.sphero.keeper", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,  # Ctrl-C is for the driver, which ends this one
        )
        threading.Thread(target=self._read, args=(process,), daemon=True, name="sphero link").start()
        return process

    def _replace(self) -> None:
        """Watch the process, and begin another where it fails."""
        while not self._closing.wait(_LOOKS):
            process = self._process
            assert process is not None
            ended = process.poll() is not None
            hangs = self._ready.is_set() and self._clock() - self._heard > _HANGS
            if ended or hangs:
                self.problem = self.problem or f"the process that has the toy {'has ended' if ended else 'hangs'}"
                process.kill()
                process.wait()
                with self._lock:
                    self._pass(self._clock())
                    self._powers = (0, 0)
                if self._ready.is_set() or not self._closing.wait(_AGAIN):
                    self._ready.clear()
                    self._launch()

    def _say(self, line: str) -> None:
        process = self._process
        if process is None:
            raise BackendError("the toy is not connected")
        try:
            assert process.stdin is not None
            process.stdin.write(f"{line}\n")
        except OSError:
            self.problem = self.problem or "the process that has the toy has ended"

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._heard = self._clock()
            kind, _, rest = line.strip().partition(" ")
            if kind == "ready":
                self._ready.set()
            elif kind == "on":
                self.on = True
            elif kind == "problem":
                self.problem = self.problem or rest
            elif kind == "sent":
                left, right, moment = rest.split()
                with self._lock:
                    self._pass(float(moment))
                    self._powers = (int(left), int(right))
        if self._process is process:
            self.problem = self.problem or "the process that has the toy has ended"

    def _pass(self, now: float) -> None:
        for index, power in enumerate(self._powers):
            self._way[index] += max(0.0, now - self._since) * power / 255.0
        self._since = max(now, self._since)
