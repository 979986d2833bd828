# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's side of the motor process: starts it, orders, reads, and looks after it."""

from __future__ import annotations

import math
import os
import pickle
import selectors
import subprocess
import sys
import threading
import time

import numpy as np

from ros_rl.backends.motor_process.keeper import Keeper
from ros_rl.backends.motor_process.phases import DAMPING_SECONDS
from ros_rl.backends.motor_process.priority import without_priority
from ros_rl.backends.motor_process.records import Phase, SharedMemory
from ros_rl.backends.motor_process.spec import MotorSpec
from ros_rl.errors import BackendError
from ros_rl.types import Array

_STARTS_SECONDS = 60.0  # a busy machine imports slowly
_ENDS_SECONDS = DAMPING_SECONDS + 2.0


class MotorProcess:
    """A motor loop in a process of its own; all but `start` and `close` return at once, in any thread.

    Args:
        spec: The robot and how its loop runs.
    """

    def __init__(self, spec: MotorSpec) -> None:
        self._spec = spec
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: Keeper | None = None

    def start(self) -> None:
        """Start it, and wait until its bus is open; nothing moves.

        Raises:
            BackendError: The bus cannot be opened, or the process does not start.
        """
        spec, self._keeper = self._spec, None
        self._memory = SharedMemory(spec.robot.size, spec.feet)
        self._orders, self._reports = self._memory.orders(), self._memory.reports()
        with without_priority():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ros_rl.backends.motor_process", str(self._memory.descriptor)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[self._memory.descriptor],
                start_new_session=True,  # Ctrl-C and the end of a terminal reach the driver, which then ends this one
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(pickle.dumps((os.getpid(), spec)))
        self._process.stdin.close()
        said = _first_line(self._process.stdout, _STARTS_SECONDS)
        if said != "open":
            self._process.kill()
            self._process.wait()
            raise BackendError(said or f"the motor process has not started within {_STARTS_SECONDS:g} s")
        self._keeper = Keeper(self._process, spec, self._memory)

    @property
    def pid(self) -> int:
        """Of the process; 0 where there is none."""
        return 0 if self._process is None else self._process.pid

    @property
    def memory(self) -> SharedMemory:
        """What both processes share; the loop's statistics, besides others."""
        return self._memory

    @property
    def problem(self) -> str:
        """Why the process runs no more; empty while it does."""
        return "" if self._keeper is None else self._keeper.problem

    @property
    def arming(self) -> int:
        """How many times the robot was armed."""
        return int(self._orders.record["arming"][0])

    def report(self) -> np.void:
        """What the loop reported last; the record changes with the next call, of the same thread."""
        self._reports.read()
        return self._reports.record[0]

    def arm(self) -> None:
        """Damp from now on, and follow the targets that come."""
        with self._lock:
            self._orders.record["arming"] += 1
            self._order(Phase.DAMP, math.inf)

    def follow(self, target: Array, until: float) -> None:
        """Follow a target.

        Args:
            target: Joint positions [rad], shape (joints,).
            until: When it expires, by `time.monotonic` [s].
        """
        with self._lock:
            self._orders.record["target"] = target
            self._orders.record["number"] += 1
            self._order(Phase.FOLLOW, until)

    def damp(self) -> None:
        """Damp until the next target, where the robot is armed and not yet at rest."""
        with self._lock:
            self._order(Phase.DAMP, math.inf)

    def rest(self) -> None:
        """Damp for a while, then nothing until it is armed anew."""
        with self._lock:
            self._orders.record["disarmed"] = self._orders.record["arming"]
            self._order(Phase.DAMP, math.inf)

    def close(self) -> None:
        """Damp if the motors do anything, and end the process; once is enough, more do no harm."""
        process = self._process
        if process is None:
            return
        if self._keeper is not None:
            self._keeper.let_end()
            with self._lock:
                self._orders.record["closing"] = 1
                self._order(Phase.DAMP, math.inf)
        try:
            process.wait(_ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._keeper is not None:
            self._keeper.join()
        if process.stdout is not None:
            process.stdout.close()
        os.close(self._memory.descriptor)
        self._process = None

    def _order(self, phase: Phase, until: float) -> None:
        record = self._orders.record
        record["phase"], record["until"], record["written"] = phase, until, time.monotonic()
        self._orders.write()


def _first_line(stream: object, seconds: float) -> str:
    """What a process says first; empty if nothing in time."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)  # type: ignore[arg-type]
        if not selector.select(seconds):
            return ""
    return stream.readline().decode(errors="replace").strip()  # type: ignore[attr-defined, no-any-return]
