# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot for the motor process that writes down, in a file, what its motors were sent and when.

Its joints jump to where they are sent. A file beside it makes it silent, as long as it is there.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ros_rl.backends.motor_process import MotorBus, MotorCommand, MotorState
from ros_rl.settings.hardware.motors import MotorSettings


@dataclass(frozen=True)
class FileBusSettings(MotorSettings):
    file: str = ""


@dataclass(frozen=True)
class Sent:
    """What the motors were sent, as it was read back from the file."""

    time: float
    position: np.ndarray
    stiffness: np.ndarray
    damping: np.ndarray

    @property
    def phase(self) -> str:
        if self.stiffness.any():
            return "follow"
        return "damp" if self.damping.any() else "rest"


def state_at(position: np.ndarray, tick: int, feet: int = 4) -> MotorState:
    zero = np.zeros(len(position))
    return MotorState(
        tick,
        position.copy(),
        zero,
        zero + 1.0,
        zero + 30.0,
        np.array([0.0, 0.0, 0.0, 1.0]),
        np.zeros(3),
        np.array([0.0, 0.0, 9.81]),
        np.full(feet, 50.0),
    )


class FileBus(MotorBus):
    def __init__(self, settings, robot):
        super().__init__(settings, robot)
        self._position = robot.home.copy()
        self._tick, self._answered = 0, True

    def open(self) -> None:
        self._file = os.open(self.settings.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def receive(self) -> MotorState | None:
        if self._answered or Path(self.settings.file + ".silent").exists():
            return None
        self._answered = True
        return state_at(self._position, self._tick)

    def send(self, command: MotorCommand) -> None:
        self._tick += 1
        self._answered = False
        if command.stiffness.any():
            self._position = command.position.copy()
        values = [time.monotonic()], command.position, command.stiffness, command.damping
        os.write(self._file, np.concatenate(values).astype("<f8").tobytes())

    def close(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)


def sent(file: str | Path, joints: int) -> list[Sent]:
    """All that was written to a file so far."""
    path = Path(file)
    values = np.frombuffer(path.read_bytes() if path.exists() else b"", "<f8")
    size = 1 + 3 * joints
    rows = values[: len(values) // size * size].reshape(-1, size)
    return [Sent(row[0], *np.split(row[1:], 3)) for row in rows]
