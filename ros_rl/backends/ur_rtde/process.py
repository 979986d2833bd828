# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's side of the process that moves the arm."""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
import threading
import time

import numpy as np

from ros_rl.backends.motor_process.priority import without_priority
from ros_rl.backends.ur_rtde.records import ArmSpec, Phase, SharedMemory
from ros_rl.errors import beyond
from ros_rl.types import Array

_ENDS_SECONDS = 5.0
_STARTS_SECONDS = 20.0


class ArmProcess:
    """Starts it at each arming, orders, reads and looks after it; all but `close` return at once, in any thread.

    Args:
        spec: The robot and how its loop runs.
        hangs: How long it may say nothing [s].
    """

    def __init__(self, spec: ArmSpec, hangs: float) -> None:
        self._spec, self._hangs = spec, hangs
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._memory = SharedMemory(spec.joints)
        os.close(self._memory.descriptor)
        self._started, self._disarmed = 0.0, True
        self._problem = ""

    @property
    def pid(self) -> int:
        """Of the process; 0 where there is none."""
        return 0 if self._process is None else self._process.pid

    @property
    def armed_since(self) -> float:
        """Since when its program runs on the robot, by `time.monotonic` [s]; 0 where none does."""
        with self._lock:
            return float(self._report()["armed"]) if self._process is not None and not self._disarmed else 0.0

    def problem(self) -> str:
        """Why it does not do what it is told; empty if it does, or nothing is asked of it."""
        with self._lock:
            if not self._disarmed:
                self._problem = self._problem or self._find(time.monotonic())
            return self._problem

    def arm(self) -> None:
        """Start the robot's program, and stand still; what was before, is over."""
        with self._lock:
            self._kill()
            self._problem, self._disarmed = "", False
            self._memory = SharedMemory(self._spec.joints)
            self._started = time.monotonic()
            with without_priority():
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "ros_rl.backends.ur_rtde", str(self._memory.descriptor)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,  # the vendor's client tells there what it does
                    pass_fds=[self._memory.descriptor],
                    start_new_session=True,  # Ctrl-C reaches the driver, which then ends this one
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
                )
            assert self._process.stdin is not None
            self._process.stdin.write(pickle.dumps(self._spec))
            self._process.stdin.close()
            os.close(self._memory.descriptor)  # its memory stays

    def follow(self, speed: Array, until: float) -> None:
        """Turn the joints at speeds.

        Args:
            speed: [rad/s], shape (joints,).
            until: When that ends, by `time.monotonic` [s].
        """
        with self._lock:
            order = self._memory.orders.record
            order["target"], order["until"], order["moving"] = speed, until, 1
            order["number"] += 1
            self._memory.orders.write()

    def stand(self) -> None:
        """Stand still until the next speeds."""
        with self._lock:
            order = self._memory.orders.record
            order["moving"], order["until"] = 0, -math.inf
            self._memory.orders.write()

    def cancel(self) -> bool:
        """Break an arming off that is under way; says whether one was. The robot's program may start all the same."""
        with self._lock:
            arming = self._process is not None and not self._disarmed and self._report()["phase"] == Phase.ARMING
            if arming:
                self._kill()
                self._disarmed = True
            return arming

    def rest(self) -> None:
        """Stand still, and end the robot's program."""
        with self._lock:
            self._disarmed = True
            order = self._memory.orders.record
            order["moving"], order["disarmed"] = 0, 1
            self._memory.orders.write()

    def close(self) -> None:
        """Let the arm stand still, and end the process; once is enough, more do no harm."""
        self.rest()
        process = self._process
        if process is not None:
            try:
                process.wait(_ENDS_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        with self._lock:
            self._kill()

    def _kill(self) -> None:
        """End the process; the robot's watchdog ends a program that still runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _report(self) -> np.void:
        self._memory.reports.read()
        return self._memory.reports.record[0]

    def _find(self, now: float) -> str:
        """What is wrong with it. One that hangs is ended, lest it wakes and goes on."""
        process, report = self._process, self._report()
        assert process is not None
        if report["fault"]:
            return str(report["fault"].decode())
        if process.poll() is not None:
            return f"the process that moves the arm has ended, with code {process.returncode}"
        alive = float(report["alive"])
        arming = not alive or report["phase"] == Phase.ARMING
        limit = _STARTS_SECONDS if not alive else self._spec.settings.arm_timeout if arming else self._hangs
        silent = now - (alive or self._started)
        if silent <= limit:
            return ""
        process.kill()
        return f"the process that moves the arm hung for {beyond(silent, limit, 2)} s, limit {limit:g} s"
