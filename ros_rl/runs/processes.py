# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The processes of a run: started in groups of their own, watched, and all gone at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ros_rl.runs.parent import PARENT_VARIABLE
from ros_rl.runs.signals import LIMIT_VARIABLE, held_back

_POLL_SECONDS = 0.02
_KILL_SECONDS = 0.5


def own_group() -> dict[str, Any]:
    """A process group of its own keeps a terminal's Ctrl-C away; a session would set priorities apart, too."""
    if sys.version_info >= (3, 11):
        return {"process_group": 0}
    return {"preexec_fn": os.setpgrp}


class Processes:
    """Starts, watches and stops processes. Start them from a thread that lives as long as they shall.

    Args:
        environment: Of all of them.
        stop_timeout: What they have for closing [s]; then they are killed.
    """

    def __init__(self, environment: Mapping[str, str], stop_timeout: float) -> None:
        self._timeout = stop_timeout
        self._environment = {**environment, **end_variables(stop_timeout)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: dict[str, Path] = {}

    def start(self, name: str, command: list[str], log: Path) -> None:
        """Start a process; what it prints is appended to `log`."""
        self._logs[name] = log
        with log.open("ab") as output, held_back():
            self._running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                **own_group(),
            )

    def take(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        """Look after a process that was started elsewhere, in a group of its own; it prints to `log`."""
        self._logs[name], self._running[name] = log, process

    def process_id(self, name: str) -> int:
        """The id of a running process."""
        return self._running[name].pid

    def take_dead(self) -> dict[str, int]:
        """Exit codes of the processes that ended since the last call, by name; they are forgotten."""
        dead = {name: code for name, process in self._running.items() if (code := process.poll()) is not None}
        for name in dead:
            _signal_group(self._running.pop(name), signal.SIGKILL)  # what it started
        return dead

    def last_error(self, name: str) -> str:
        """The reason that a process printed as its last line; empty if it gave none."""
        return last_error(self._logs[name])

    def stop(self) -> None:
        """Ask all to end, and kill what has not after the time for closing."""
        for process in self._running.values():
            _signal_group(process, signal.SIGTERM)
        self._wait(self._timeout)
        for process in self._running.values():
            _signal_group(process, signal.SIGKILL)
        self._wait(_KILL_SECONDS)

    def _wait(self, timeout: float) -> None:
        end = time.monotonic() + timeout
        while any(process.poll() is None for process in self._running.values()) and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)


def end_variables(stop_timeout: float) -> dict[str, str]:
    """Environment variables that end a node with this process, and within a time [s] after a signal."""
    return {PARENT_VARIABLE: str(os.getpid()), LIMIT_VARIABLE: f"{stop_timeout:g}"}


def last_error(log: Path) -> str:
    """The reason that stands in a log's last line; empty if there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].removeprefix("error: ") if lines and lines[-1].startswith("error: ") else ""


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Also what the process has started; it may have ended."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # nobody is left in it, or somebody else's
        pass
