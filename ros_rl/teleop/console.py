# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A terminal whose keys come one by one, with a line at its bottom that says how things are."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import sys
import termios
import threading
import tty
from types import TracebackType
from typing import Any

from ros_rl.errors import ConfigError
from ros_rl.runs.course import Course
from ros_rl.runs.display import Display, print_line
from ros_rl.runs.state import RunState

_CLEAR = "\r\x1b[2K"
_NEVER = b"\x00"  # a control character that is switched off (_POSIX_VDISABLE)


class Console(Display):
    """Standard input and output while a person drives. Leaves the terminal as it was, whatever happens.

    Args:
        course: Of the run, if there is one.
        instead: What a person may do who has no terminal, for messages.

    Raises:
        ConfigError: Standard input or output is no terminal, or another job has it.
    """

    def __init__(self, course: Course | None = None, instead: str = "") -> None:
        super().__init__(course or Course(None))
        self._keys = check_terminal(instead)
        self._before: list[Any] | None = None
        self._status = ""
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def read(self, seconds: float) -> bytes | None:
        """What was typed within a time; None once nothing can come any more.

        Args:
            seconds: The time [s].
        """
        with self._reading:
            if self._before is None:
                return None
            ready, _, _ = select.select([self._keys], [], [], seconds)
            if not ready:
                return b""
            try:
                return os.read(self._keys, 1024) or None
            except OSError:  # the terminal is gone
                return None

    def say(self, line: str) -> None:
        """Print a line above the status."""
        with self._lock:
            print_line(f"{_CLEAR if self._before else ''}{line}")
            self._draw()

    def status(self, text: str) -> None:
        """Show this at the bottom.

        Args:
            text: As much of it as the terminal is wide.
        """
        with self._lock:
            if text != self._status:
                self._status = text
                self._draw()

    def show(self, state: RunState) -> None:
        """How far a run is does not matter to who drives."""

    def __enter__(self) -> Console:
        """Let keys come one by one, unseen; Ctrl-C stays what it is, Ctrl-Z and Ctrl-S halt nothing."""
        before = termios.tcgetattr(self._keys)
        mode = termios.tcgetattr(self._keys)
        mode[tty.IFLAG] &= ~termios.IXON
        mode[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON)
        mode[tty.CC][termios.VMIN], mode[tty.CC][termios.VTIME] = 1, 0
        mode[tty.CC][termios.VSUSP] = _NEVER
        termios.tcsetattr(self._keys, termios.TCSAFLUSH, mode)
        self._before = before
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the terminal as it was, without what was typed and not read."""
        with self._lock, self._reading:
            before, self._before = self._before, None
            if before is None:
                return
            _write(_CLEAR)
            with contextlib.suppress(termios.error):  # it may be gone
                termios.tcsetattr(self._keys, termios.TCSAFLUSH, before)

    def _draw(self) -> None:
        if self._before is None:
            return
        width = shutil.get_terminal_size().columns - 1
        _write(f"{_CLEAR}{self._status[:width]}")


class Screen:
    """Standard output for who reads it and drives by something else; its last line only where it is a terminal."""

    def say(self, line: str) -> None:
        """Print a line above the status."""
        print_line(f"{_CLEAR if sys.stdout.isatty() else ''}{line}")

    def status(self, text: str) -> None:
        """Show this at the bottom.

        Args:
            text: As much of it as the terminal is wide.
        """
        if sys.stdout.isatty():
            _write(f"{_CLEAR}{text[: shutil.get_terminal_size().columns - 1]}")


def _write(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(text, end="", flush=True)


def check_terminal(instead: str = "") -> int:
    """The file descriptor of standard input, if keys come from there.

    Args:
        instead: What a person may do otherwise, for messages.

    Raises:
        ConfigError: They do not.
    """
    for name, stream in (("input", sys.stdin), ("output", sys.stdout)):
        if stream is None or not stream.isatty():
            other = f", or {instead}" if instead else ""
            raise ConfigError(f"keyboard: standard {name} is no terminal; start it in one{other}")
    keys = sys.stdin.fileno()
    if os.tcgetpgrp(keys) != os.getpgrp():
        raise ConfigError("keyboard: another job has the terminal; start it in the foreground")
    return keys
