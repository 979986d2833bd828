# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot in a process of its own: at 500 Hz it does what it was last told, until that expires, and writes it down.

It outlives whoever drives it. Commands come as JSON through a Unix datagram socket, the state lies in a file that
others map. Each line of the log is a moment from which on the joints do something else.

    python robot.py FOLDER [JOINTS]
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

STEP = 0.002  # s
SOCKET, STATE, LOG = "robot.sock", "state", "joints.log"
_REACH = 10.0  # rad, where the joints' mechanical stops are
_START = 0.5  # rad from home


def map_state(folder: Path, joints: int, mode: Any) -> np.memmap:
    """Sequence, time, positions, velocities, and the sequence again: a reader that sees two numbers reads again."""
    return np.memmap(folder / STATE, dtype=np.float64, mode=mode, shape=(3 + 2 * joints,))


class Robot:
    """Velocity-controlled joints that follow at once.

    Args:
        folder: Of the socket, the state and the log.
        joints: How many.
    """

    def __init__(self, folder: Path, joints: int) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        (folder / SOCKET).unlink(missing_ok=True)
        self._log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._state = map_state(folder, joints, "w+")
        self._position, self._velocity = np.full(joints, _START), np.zeros(joints)
        self._target: list[float] | None = None
        self._until, self._on, self._sequence = 0.0, False, 0
        self._socket.bind(str(folder / SOCKET))
        self._socket.setblocking(False)
        self._write_down("switched on", 0)

    def live(self) -> None:
        """Move until the process ends."""
        following = time.monotonic()
        while True:
            wait = max(0.0, following - time.monotonic())
            if select.select([self._socket], [], [], wait)[0]:
                self._obey()
            now = time.monotonic()
            if self._target is not None and now > self._until:
                self._do(None, "expired", 0)
            if now >= following:
                self._move(now, min(now - following + STEP, 10 * STEP))
                following = now + STEP

    def _obey(self) -> None:
        while True:
            try:
                told = json.loads(self._socket.recv(65536))
            except BlockingIOError:
                return
            if told["do"] == "write":
                self._until = told["until"]
                late = time.monotonic() > self._until
                self._do(None if late or not self._on else told["command"], "write", told["process"])
            else:
                self._on = {"arm": True, "disarm": False}.get(told["do"], self._on)
                self._do(None, told["do"], told["process"])

    def _do(self, target: list[float] | None, why: str, process: int) -> None:
        if target != self._target or why in ("arm", "disarm", "safe"):
            self._target = target
            self._write_down(why, process)

    def _write_down(self, why: str, process: int) -> None:
        line = {"time": time.monotonic(), "target": self._target, "why": why, "process": process}
        os.write(self._log, json.dumps(line).encode() + b"\n")

    def _move(self, now: float, seconds: float) -> None:
        self._velocity = np.zeros_like(self._position) if self._target is None else np.array(self._target)
        self._position = np.clip(self._position + seconds * self._velocity, -_REACH, _REACH)
        self._sequence += 1
        self._state[0] = self._sequence
        self._state[1:-1] = (now, *self._position, *self._velocity)
        self._state[-1] = self._sequence


def _be_prompt() -> None:
    """A robot's own loop waits for no other process, where the system permits it."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(20))
    except OSError:
        pass


if __name__ == "__main__":
    _be_prompt()
    Robot(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2).live()
