# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A terminal whose last row says how far a run is; all else scrolls by above it."""

from __future__ import annotations

import os
import sys
import threading
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ros_rl.runs.course import Course
from ros_rl.runs.display import Display, print_line
from ros_rl.runs.screens import progress_parts
from ros_rl.runs.state import RunState

_BAR = 20  # columns
_REFRESH = 0.25  # s
_STDERR = 2


class LiveDisplay(Display):
    """A row with a bar, and lines above it, those of other threads and of libraries on stderr, too."""

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._live: Live | None = None
        self._errors: _Stderr | None = None

    def __enter__(self) -> Display:
        """Take the terminal's last row."""
        self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stderr=False)
        self._live.start()
        if sys.stderr.isatty():
            self._errors = _Stderr(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give it back."""
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        self._stop()

    def say(self, line: str) -> None:
        """Print a line above the last row."""
        if self._live is None:
            print_line(line)
            return
        try:
            self._console.print(Text.from_ansi(line))
        except OSError:  # nobody is there any more
            self._stop()

    def show(self, state: RunState) -> None:
        """Renew the row, if that is due."""
        now = time.monotonic()
        self.course.follow(state, now)
        if self._live is None or not state.progress or now - self._shown < _REFRESH:
            return
        self._shown = now
        try:
            self._live.update(self._row(state), refresh=True)
        except OSError:
            self._stop()

    def _row(self, state: RunState) -> Table:
        row = Table.grid(padding=(0, 1))
        row.add_column(no_wrap=True, min_width=0 if self.course.share is None else _BAR)
        row.add_column(no_wrap=True, overflow="ellipsis")
        done, *others = progress_parts(state, self.course)
        share = self.course.share
        bar = "" if share is None else ProgressBar(total=1.0, completed=share, width=_BAR)
        row.add_row(bar, Text(" | ".join([done, *others]), no_wrap=True, overflow="ellipsis"))
        return row

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            try:
                live.stop()
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Stderr:
    """Takes what this process writes to stderr, of whatever library, and prints it as lines.

    Args:
        display: What prints them.
    """

    def __init__(self, display: Display) -> None:
        sys.stderr.flush()
        self._own = os.dup(_STDERR)
        reading, writing = os.pipe()
        os.dup2(writing, _STDERR)
        os.close(writing)
        self._thread = threading.Thread(target=self._pass_on, args=(display, reading), daemon=True)
        self._thread.start()

    @staticmethod
    def _pass_on(display: Display, reading: int) -> None:
        with os.fdopen(reading, errors="replace") as lines:
            for line in lines:
                display.say(line.rstrip("\n"))

    def close(self) -> None:
        """Let stderr be what it was, once all is printed."""
        sys.stderr.flush()
        os.dup2(self._own, _STDERR)
        os.close(self._own)
        self._thread.join(timeout=1.0)
