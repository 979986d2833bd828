# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A command of ``ros-rl`` in a process of its own, whose lines appear here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

from ros_rl.runs.display import print_line as say
from ros_rl.runs.parent import PARENT_VARIABLE
from ros_rl.runs.processes import own_group
from ros_rl.runs.signals import held_back

_LOOK_SECONDS = 0.1
_LAST_LINES_SECONDS = 5.0
_ERROR = "ros-rl: error: "


def run_command(arguments: Sequence[str], prefix: str, stop: threading.Event) -> tuple[int, str]:
    """Run a command to its end; it ends with this process, too, however that ends.

    Args:
        arguments: Of ``ros-rl``.
        prefix: In front of each of its lines.
        stop: Interrupts it, as Ctrl-C does; it then ends in its own order.

    Returns:
        Its exit code, and the last error that it told.
    """
    with held_back():
        process = subprocess.Popen(
            [sys.executable, "-m", "ros_rl.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, PARENT_VARIABLE: str(os.getpid()), "PYTHONUNBUFFERED": "1"},
            **own_group(),
        )
    assert process.stdout is not None
    errors: list[str] = []
    reader = threading.Thread(target=_repeat, args=(process.stdout, prefix, errors), daemon=True)
    reader.start()
    told = False
    while process.poll() is None:
        if stop.is_set() and not told:
            process.send_signal(signal.SIGINT)
            told = True
        reader.join(_LOOK_SECONDS)
    reader.join(_LAST_LINES_SECONDS)
    return process.returncode, errors[-1] if errors else ""


def _repeat(output: IO[str], prefix: str, errors: list[str]) -> None:
    for line in output:
        say(f"{prefix}{line.rstrip()}")
        if line.startswith(_ERROR):
            errors.append(line.removeprefix(_ERROR).strip())
