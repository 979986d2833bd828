# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a run shows on its way: its lines, and how far it is. See `ros_rl.runs.terminal`, too."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType

from ros_rl.runs.course import Course
from ros_rl.runs.screens import progress_line
from ros_rl.runs.state import RunState

_LINE_SECONDS = 5.0


def print_line(line: str) -> None:
    """Print a line; a run goes on, and stops in order, when nobody reads it any more."""
    try:
        print(line, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Display:
    """Plain lines, and one every few seconds that says how far the run is.

    Args:
        course: Of the run.
        say: Prints a line.
    """

    def __init__(self, course: Course, say: Callable[[str], None] = print_line) -> None:
        self.course = course
        self._print = say
        self._shown = -_LINE_SECONDS

    def say(self, line: str) -> None:
        """Print a line."""
        self._print(line)

    def show(self, state: RunState) -> None:
        """Tell how far the run is, if that is due; call it often.

        Args:
            state: Of the run, with some progress.
        """
        now = time.monotonic()
        self.course.follow(state, now)
        if state.progress and now - self._shown >= _LINE_SECONDS:
            self._shown = now
            self.say(progress_line(state, self.course))

    def __enter__(self) -> Display:
        """Begin to show."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
