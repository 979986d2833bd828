# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The process that tries a control graph: it may take no more memory and time than it is given, and can be ended.

It reads the graph from standard input, and says on standard output how far it has come, then what it found.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_RUNS = 3
LOADING, RUNNING = "loading", "running"
LOAD_SECONDS = 30
"""Processor time to load a graph: a hundred times what the planner that ships needs."""

MEMORY = 512 * 1024 * 1024
"""Bytes that loading and running a graph may take beyond four times its own size."""


def memory_of(model: bytes) -> int:
    """Bytes that loading and running this graph may take."""
    return MEMORY + 4 * len(model)


def main() -> None:
    """Try the graph: ``<parent> <processor time of a run [s]>``."""
    parent, seconds = int(sys.argv[1]), float(sys.argv[2])
    end_with(parent)
    from ros_rl.deploy.onnx_graph import OnnxGraph
    from ros_rl.errors import RosRlError

    model = sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = _virtual_memory() + memory_of(model)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        _say({"stage": LOADING})
        _limit_processor(LOAD_SECONDS)
        graph = OnnxGraph(model)
        _say({"stage": RUNNING})
        _limit_processor(_RUNS * seconds + 1)
        _say({"seconds": min(_timed(graph.check_outputs) for _ in range(_RUNS))})
    except RosRlError as error:
        _say({"error": type(error).__name__, "text": str(error)})
    except MemoryError:
        _say({"error": "GraphError", "text": "allocation failed"})


def end_with(parent: int) -> None:
    """End when the parent does, and yield to all others."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        with contextlib.suppress(PermissionError):  # of a process that yields to even more, which may not yield less
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    if os.getppid() != parent:
        os._exit(1)


def _limit_processor(seconds: float) -> None:
    """Whoever needs more is ended by the system, with SIGXCPU."""
    limit = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _virtual_memory() -> int:
    """Address space in use [bytes]."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # no Linux: there the limit counts from nothing
        return 4 * 1024**3
    return pages * resource.getpagesize()


def _timed(work: Any) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)
