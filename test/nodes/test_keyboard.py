# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person at a terminal, from the first key to Ctrl-C: what is held moves, what is let go of rests."""

import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from live_processes import PATIENT, family

pytest.importorskip("rclpy")

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]
UP, RIGHT = b"\x1b[A", b"\x1b[C"
BUSY = ["control.rate_hz=10", "driver.miss_limit=50", "driver.miss_share=1.0"]
"""A machine that has other work is not what is tried here."""


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self.own, self._theirs = pty.openpty()
        self._before = termios.tcgetattr(self._theirs)
        own = "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from ros_rl.cli.start import main"
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"{own}; sys.exit(main())", *arguments],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            start_new_session=True,
            env={**os.environ, "COLUMNS": "140"},
        )
        self.shown = b""

    @property
    def restored(self) -> bool:
        return termios.tcgetattr(self._theirs) == self._before

    def listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.own], [], [], left)[0]:
                self.shown += os.read(self.own, 65536)

    def wait(self, text: bytes, seconds: float = 60.0) -> None:
        """For what is shown from now on."""
        self.shown, end = b"", time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < end, f"waited in vain for {text!r}: {self.shown[-2000:]!r}"
            self.listen(0.05)

    def strike(self, key: bytes) -> None:
        os.write(self.own, key)

    def hold_until(self, key: bytes, text: bytes) -> None:
        """As a keyboard does; on a busy machine repetitions may come too late, and then it is held anew."""
        self.shown = b""
        for _ in range(10):
            self.strike(key)
            self.listen(0.4)
            for _ in range(60):
                if text in self.shown:
                    return
                self.strike(key)
                self.listen(0.03)
            self.listen(0.5)
        raise AssertionError(f"held {key!r} in vain for {text!r}: {self.shown[-2000:]!r}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.own)
        os.close(self._theirs)


def test_from_the_first_key_to_ctrl_c(tmp_path: Path) -> None:
    changes = [word for item in BUSY for word in ("--set", item)]
    arguments = [
        "bringup",
        "mock",
        "--driver",
        "mock",
        "--teleop",
        "keyboard",
        "--out",
        str(tmp_path / "run"),
        *changes,
    ]
    terminal = Terminal(*arguments, *PATIENT)
    try:
        terminal.wait(b"DISARMED | axis_1_joint (1 of 2, velocity) at 10 % | released")
        terminal.strike(b"A")
        terminal.wait(b"READY | axis_1_joint")
        terminal.strike(UP)
        terminal.listen(1.0)
        assert b"HELD" not in terminal.shown and b"RUNNING" not in terminal.shown, "a touch moves nothing"
        terminal.hold_until(UP, b"RUNNING | axis_1_joint (1 of 2, velocity) at 10 % | HELD")
        terminal.wait(b"READY | axis_1_joint")
        terminal.strike(RIGHT + b"+")
        terminal.wait(b"axis_2_joint (2 of 2, velocity) at 12 %")
        terminal.strike(b"r")
        terminal.wait(b"resume: refused: hold the dead man's switch")
        terminal.strike(b"\x1b")
        terminal.wait(b"EMERGENCY_STOP")
        terminal.strike(b"\x03")
        terminal.wait(b"stopped")
        assert terminal.process.wait(timeout=30.0) == 130
        assert terminal.restored and not family(terminal.process.pid)
    finally:
        terminal.close()
