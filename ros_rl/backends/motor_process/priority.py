# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Being scheduled before others, where the system allows it."""

from __future__ import annotations

import os

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
