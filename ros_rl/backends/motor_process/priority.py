# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Being scheduled before others, where the system allows it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_NICER_BY = -15


def take_priority(wanted: int) -> str:
    """Ask for real-time scheduling of the calling thread, then for less niceness; says what was given.

    Args:
        wanted: Real-time priority, 1 to 99; 0 asks for nothing.
    """
    if not wanted:
        return "normal"
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(wanted))
        return f"SCHED_FIFO {wanted}"
    except OSError:
        pass
    try:
        return f"nice {os.nice(_NICER_BY)}"
    except OSError:
        return "normal"


@contextlib.contextmanager
def without_priority() -> Iterator[None]:
    """The calling thread, and a process that it starts meanwhile, are scheduled as most are.

    A process that is to run in real time imports for a second before it does, and keeps others waiting for nothing.
    """
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(PermissionError):  # of one that yields to all others, which may not yield less
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # who has lost the right to it meanwhile
            os.sched_setscheduler(0, *before)
