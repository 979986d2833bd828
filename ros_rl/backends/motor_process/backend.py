# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What all drivers over the motor process are: a backend whose motors follow positions."""

from __future__ import annotations

import math
import threading
import time
from abc import abstractmethod

import numpy as np

from ros_rl.backends.backend import Backend, Reading
from ros_rl.backends.motor_process.process import MotorProcess
from ros_rl.backends.motor_process.spec import MotorSpec
from ros_rl.errors import BackendError, beyond
from ros_rl.types import Array, Measurement

_LOOKS = 0.005  # s


class MotorBackend(Backend):
    """A robot behind the motor process.

    Args:
        spec: Of the motor process.
        patience: How long the robot may take to send its first state [s].
        hint: What to look at where it sends none and nothing says why.
    """

    def __init__(self, spec: MotorSpec, patience: float, hint: str) -> None:
        self._spec, self._patience, self._hint = spec, patience, hint
        self.motors = MotorProcess(spec)
        """The motor process."""
        self._lock = threading.Lock()
        self._connected = False

    @abstractmethod
    def measured(self, report: np.void) -> dict[str, Array]:
        """What the robot measures, by the sensors' names, from the motor process' newest report."""

    def connect(self) -> None:
        """See `Backend.connect`: start the motor process, and wait for the robot's first state.

        Raises:
            BackendError: The robot sends none.
        """
        self.motors.start()
        deadline = time.monotonic() + self._patience
        while not self.motors.report()["sequence"]:
            problem = self.motors.problem
            if problem or time.monotonic() > deadline:
                report = self.motors.report()
                complaint = report["complaint"].decode() if report["rejected"] or report["complaint"] else ""
                self.close()
                raise BackendError(problem or self._silent(complaint))
            time.sleep(_LOOKS)
        self._connected = True

    def _silent(self, complaint: str) -> str:
        heard = f": {complaint}" if complaint else f"; {self._hint}"
        return f"the robot sends no state within {self._patience:g} s{heard}"

    def arm(self) -> None:
        """See `Backend.arm`: the motors damp until the first target."""
        self.motors.arm()

    def disarm(self) -> None:
        """See `Backend.disarm`."""
        self.motors.rest()

    def write(self, command: Array, until: float) -> None:
        """See `Backend.write`.

        Raises:
            BackendError: It is not finite or has the wrong size.
        """
        if command.shape != (self._spec.robot.size,) or not np.isfinite(command).all():
            raise BackendError(f"command {command} is not {self._spec.robot.size} finite numbers")
        self.motors.follow(command, until)

    def read(self) -> Reading:
        """See `Backend.read`.

        Raises:
            BackendError: It is not connected.
        """
        if not self._connected:
            raise BackendError("the robot is not connected")
        with self._lock:
            now = time.monotonic()  # before it reads: to be held up in between makes no state older
            report = self.motors.report()
            age = max(now - float(report["received"]), 0.0)
            measured = self.measured(report)
            measurement = Measurement({name: measured[name] for name in self._spec.robot.sensors})
            unit = float(report["tick_seconds"])
            stamp = int(report["tick"]) * unit if math.isfinite(unit) else None
            return Reading(measurement, age, int(report["sequence"]), self._health(report, age), stamp)

    def safe(self) -> None:
        """See `Backend.safe`: damp."""
        if self._connected:
            self.motors.damp()

    def close(self) -> None:
        """See `Backend.close`: the motors damp, then rest, and the motor process ends."""
        self._connected = False
        self.motors.close()

    def _health(self, report: np.void, age: float) -> str:
        if self.motors.problem:
            return self.motors.problem
        if report["fault"] and int(report["arming"]) == self.motors.arming:  # what an arming has cleared is over
            return str(report["fault"].decode())
        limit = self._spec.silence
        if age <= limit:
            return ""
        complaint = f"; {report['complaint'].decode()}" if report["complaint"] else ""
        return f"the robot has sent no state for {beyond(age, limit, 3)} s, limit {limit:g} s{complaint}"
