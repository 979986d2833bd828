# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A terminal to run programs in, and what it shows in the end."""

import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

_PARTS = re.compile(r"\x1b\[(?P<numbers>[?\d;]*)(?P<letter>[A-Za-z])|(?P<text>.)", re.DOTALL)


def run_in_terminal(
    command: Sequence[str],
    env: Mapping[str, str] = os.environ,
    react: Callable[[bytes, subprocess.Popen], None] = lambda output, process: None,
    seconds: float = 60.0,
) -> tuple[int, str]:
    """Run a program with a terminal of 24 rows and 100 columns; gives its exit code and all that it wrote.

    `react` is told everything that was written so far, whenever something was.
    """
    own, theirs = pty.openpty()
    env = {**env, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "24"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True)
    os.close(theirs)
    output, end = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            try:
                output += os.read(own, 65536)
            except OSError:  # the program has ended
                break
            react(output, process)
        else:
            os.killpg(process.pid, signal.SIGKILL)
    finally:
        os.close(own)
    return process.wait(timeout=10.0), output.decode(errors="replace")


def rows(written: str, width: int = 100) -> list[str]:
    """The rows that a terminal shows after all this; colours and the like do not count."""
    shown: list[list[str]] = [[]]
    row = column = 0
    for part in _PARTS.finditer(written):
        number, letter, text = part["numbers"] or "", part["letter"], part["text"]
        if letter == "A":
            row = max(0, row - int(number or 1))
        elif letter == "K" and number == "2":
            shown[row] = []
        elif text == "\n":
            row, column = row + 1, 0
            shown += [[] for _ in range(row + 1 - len(shown))]
        elif text == "\r":
            column = 0
        elif text is not None:
            if column == width:
                row, column = row + 1, 0
                shown += [[] for _ in range(row + 1 - len(shown))]
            shown[row] += [" "] * (column + 1 - len(shown[row]))
            shown[row][column] = text
            column += 1
    return ["".join(each).rstrip() for each in shown]
