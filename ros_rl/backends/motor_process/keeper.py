# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Looks after the motor process: robots such as the A1 keep their last command, also when nobody is there any more."""

from __future__ import annotations

import subprocess
import threading
import time

import numpy as np

from ros_rl.backends.motor_process.bus import MotorCommand
from ros_rl.backends.motor_process.phases import DAMPING_SECONDS
from ros_rl.backends.motor_process.records import Phase, SharedMemory
from ros_rl.backends.motor_process.spec import MotorSpec
from ros_rl.errors import RosRlError, beyond, one_line

_LOOKS = 0.005  # s


class Keeper:
    """A thread that damps the robot from here where the motor process has ended or hangs.

    Args:
        process: The motor process.
        spec: What it was told.
        memory: Shared with it.
    """

    def __init__(self, process: subprocess.Popen[bytes], spec: MotorSpec, memory: SharedMemory) -> None:
        self._process, self._spec, self._reports = process, spec, memory.reports()
        self._hangs = 2.0 * spec.period
        self._may_end = threading.Event()
        self.problem = ""
        """Why the process runs no more; empty while it does."""
        self._thread = threading.Thread(target=self._keep, name="motor process keeper", daemon=True)
        self._thread.start()

    def let_end(self) -> None:
        """Look no more: the process is about to end as it should."""
        self._may_end.set()

    def join(self) -> None:
        """Wait until the robot is left alone."""
        self._thread.join(DAMPING_SECONDS + 2.0)

    def _keep(self) -> None:
        while not self._may_end.wait(_LOOKS):
            self.problem = self._find()
            if self.problem:
                if self._reports.record["phase"][0] != Phase.REST:
                    self._damp()
                return

    def _find(self) -> str:
        """Why the process runs no more. One that hangs is ended, lest it wakes and goes on."""
        now = time.monotonic()
        self._reports.read()
        if self._process.poll() is not None:
            return f"the motor process has ended, with code {self._process.returncode}"
        alive = float(self._reports.record["alive"][0])
        silent = now - alive
        if not alive or silent <= self._hangs:
            return ""
        self._process.kill()
        self._process.wait()
        return f"the motor process hung for {beyond(silent, self._hangs, 3)} s, limit {self._hangs:g} s"

    def _damp(self) -> None:
        bus, none = self._spec.bus(self._spec.settings, self._spec.robot), np.zeros(self._spec.robot.size)
        damping = np.full(self._spec.robot.size, self._spec.robot.safety.damping)
        end = time.monotonic() + DAMPING_SECONDS
        try:
            bus.open()
            while time.monotonic() < end:
                bus.send(MotorCommand(none, none, none, damping, none))
                time.sleep(1.0 / self._spec.rate_hz)
            bus.send(MotorCommand(none, none, none, none, none))
        except (RosRlError, OSError) as error:
            self.problem += f"; the robot cannot be damped: {one_line(error)}"
        finally:
            bus.close()
