# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A process that ends with the one that started it, however that one ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PARENT_VARIABLE = "ROS_RL_PARENT"
"""Environment variable that holds the process id whose end ends a node."""

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 0.5


def end_with_parent() -> None:
    """Let this process be told to stop when its parent ends, if `PARENT_VARIABLE` names one.

    The kernel tells it at once where it can; looking after the parent finds also one that ended before this was called.
    """
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_watch, args=(int(parent),), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
