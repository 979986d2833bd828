# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The mock robot in a driver's process, which writes down in a file what reached it, whoever ends the process."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from ros_rl.backends.backend import EMPTY, Reading, Scenario
from ros_rl.backends.mock import MockBackend
from ros_rl.config import setting
from ros_rl.robot import Robot
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.types import Array


@dataclass(frozen=True)
class RecordingSettings(MockSettings):
    """A mock robot that remembers."""

    file: str = setting("", "where it writes what reached it; beside FILE.hang it hangs, beside FILE.ill it is ill")


@dataclass(frozen=True)
class RealSettings(RecordingSettings):
    """The same as a driver of hardware sees it: a person arms it, and nothing recovers by itself."""

    simulated: ClassVar[bool] = False


class RecordingRobot(MockBackend):
    """Writes a word for each kind of call, once for calls of the same kind in a row."""

    def __init__(self, robot: Robot, settings: RecordingSettings, period: float, scenario: Scenario = EMPTY) -> None:
        super().__init__(robot, settings, period, scenario)
        self.file, self.last = Path(settings.file), ""
        self.lock = threading.Lock()  # the safe action comes from any thread

    def connect(self) -> None:
        self.note("connect")

    def write(self, command: Array, until: float) -> None:
        self.note("write")
        super().write(command, until)

    def read(self) -> Reading:
        while self.file.with_suffix(".hang").exists():
            time.sleep(0.05)
        reading = super().read()
        return replace(reading, health="its motors are too hot") if self.file.with_suffix(".ill").exists() else reading

    def safe(self) -> None:
        self.note("safe")
        super().safe()

    def close(self) -> None:
        self.note("close")
        super().close()

    def note(self, word: str) -> None:
        with self.lock:
            if word != self.last:
                self.last = word
                with self.file.open("a") as output:
                    output.write(f"{word}\n")
