# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Work that has nothing to do with its caller's, in a thread of its own where the machine has a processor for it.

torch lets go of Python's lock in each operation, so two threads of operations this size share it well.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

R = TypeVar("R")


def beside(work: Callable[[], R]) -> Callable[[], R]:
    """Begin work that shares neither tensors that change nor random numbers with what the caller does meanwhile.

    Returns:
        What waits for the work, and gives its result or raises what it raised.
    """
    if processors() > 1:
        return _thread().submit(work).result
    result = work()
    return lambda: result


def processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="beside")
