# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The backend of the robot in `robot.py`, a package's of its own; on request it fails as robots' links do.

What is asked for stands in `fault.json` beside the robot's socket: a running number, the call that fails (``*``: each),
how, and how often.
"""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fault_campaign.robot import SOCKET, map_state
from ros_rl.backends.backend import Backend, Reading, Scenario
from ros_rl.config import setting
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.settings.backends import BackendSettings
from ros_rl.types import Array, Measurement

FAULT = "fault.json"
_ALIVE_SECONDS = 1.0
_TRIES = 100


@dataclass(frozen=True)
class StandInSettings(BackendSettings):
    """A robot in a process of its own."""

    simulated: ClassVar[bool] = False
    folder: str = setting("", "where the robot's socket and state are")


class Lost(RuntimeError):
    """What a robot's client raises."""


class StandIn(Backend):
    """Datagrams to the robot, its state from the file that it shares."""

    def __init__(self, robot: Robot, settings: StandInSettings, period: float, scenario: Scenario) -> None:
        self._robot, self._folder = robot, Path(settings.folder)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._fault: dict[str, Any] = {"number": 0, "times": 0}
        self._frozen: Reading | None = None

    def connect(self) -> None:
        """Find the robot; nothing moves."""
        try:
            self._socket.connect(str(self._folder / SOCKET))
            self._state = map_state(self._folder, self._robot.size, "r")
        except OSError as error:
            raise BackendError(f"no robot at {self._folder}: {error.strerror}") from None
        if self._read().age > _ALIVE_SECONDS:
            raise BackendError(f"the robot at {self._folder} is silent")

    def arm(self) -> None:
        """Motors on."""
        self._ask("arm")

    def disarm(self) -> None:
        """Motors off."""
        self._ask("disarm")

    def write(self, command: Array, until: float) -> None:
        """A target that holds until then."""
        self._ask("write", command=command.tolist(), until=until)

    def safe(self) -> None:
        """Stand still."""
        self._ask("safe")

    def read(self) -> Reading:
        """The newest state, or what a failing link makes of it."""
        how = self._failing("read")
        reading = self._read()
        if how in ("freeze", "stale"):
            frozen = self._frozen = self._frozen or reading
            age = reading.age if how == "freeze" else reading.age + 0.002 * (reading.sequence - frozen.sequence)
            return Reading(frozen.measurement, age, frozen.sequence)
        self._frozen = None
        if how == "nan":
            reading.measurement["joint_position"][0] = np.nan
        return Reading(reading.measurement, reading.age, reading.sequence, "motor 1 is hot" if how == "health" else "")

    def close(self) -> None:
        """Leave the robot alone."""
        self._socket.close()

    def _ask(self, do: str, **values: Any) -> None:
        self._failing(do)
        self._socket.send(json.dumps({"do": do, "process": os.getpid(), **values}).encode())

    def _read(self) -> Reading:
        for _ in range(_TRIES):
            state = np.array(self._state)
            if state[0] == state[-1]:
                break
        position, velocity = state[2:-1].reshape(2, -1)
        values = {"joint_position": position, "joint_velocity": velocity, "joint_effort": np.zeros(self._robot.size)}
        return Reading(Measurement(**values), time.monotonic() - state[1], int(state[0]))

    def _failing(self, call: str) -> str:
        """How this call fails now: raises or waits here, or says what to do."""
        fault = self._asked()
        if not fault["times"] or fault["call"] not in (call, "*"):
            return ""
        fault["times"] -= 1
        if fault["how"] == "raise":
            raise Lost(f"{call}: the link is down")
        if fault["how"] == "block":
            time.sleep(fault["seconds"])
        return fault["how"]

    def _asked(self) -> dict[str, Any]:
        try:
            asked = json.loads((self._folder / FAULT).read_text())
        except (OSError, ValueError):
            return self._fault
        if asked["number"] != self._fault["number"]:
            self._fault = asked
        return self._fault
