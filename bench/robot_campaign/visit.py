# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One driver at one stand-in, for one fault: brought to act, disturbed, watched, judged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from robot_campaign.robots import Subject

_DRIVER = Path(__file__).with_name("driver_process.py")
_LOOK = 0.002  # s
_UP_SECONDS = 60.0
_SAFE_SECONDS = 0.1  # without being driven, after which it is called safe


@dataclass
class Outcome:
    """What a fault did."""

    robot: str
    fault: str
    expected: str
    """``safe``: it may not be driven any more; ``goes on``: nothing may stop it; ``refused``: nothing may begin."""
    reaction: float | None = None
    """From the fault to the last moment at which it was driven [control periods]; None: it was not."""
    state: str = ""
    reason: str = ""
    wrong: list[str] = field(default_factory=list)


class Visit:
    """A driver's process beside a stand-in in this one."""

    def __init__(self, subject: Subject, rate: float) -> None:
        self.subject, self.period = subject, 1.0 / rate
        self.stand_in = subject.stand_in()
        self.stand_in.start()
        self.lines: list[dict[str, Any]] = []
        self.driven: list[tuple[float, bool]] = []
        self._ended = threading.Event()
        self._rate = rate
        self.process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """Start the driver."""
        settings = json.dumps(self.subject.settings(self.stand_in))
        words = [self.subject.robot, self.subject.driver, "--rate", str(self._rate), "--share", str(self.subject.share)]
        self.process = subprocess.Popen(
            [sys.executable, str(_DRIVER), *words, "--set", settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for work in (self._read, self._watch):
            threading.Thread(target=work, daemon=True).start()

    def _read(self) -> None:
        assert self.process is not None and self.process.stdout is not None
        for line in self.process.stdout:
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                continue  # a vendor's client talks, too

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK):
            self.driven.append((time.monotonic(), self.subject.driven(self.stand_in)))

    def tell(self, order: str) -> None:
        """Give the driver an order or a misdeed."""
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()

    def said(self, key: str) -> list[dict[str, Any]]:
        """Lines of the driver's that have a key."""
        return [line for line in list(self.lines) if key in line]

    def state(self) -> tuple[str, str]:
        """Newest safety state, and why."""
        states = self.said("state")
        return (states[-1]["state"], states[-1]["reason"]) if states else ("", "")

    def wait(self, done: Callable[[], bool], seconds: float = _UP_SECONDS) -> bool:
        """Wait for something; whether it came."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if done():
                return True
            time.sleep(0.01)
        return False

    def run(self) -> bool:
        """Bring it to act; whether that came about."""
        self.begin()
        if not self.wait(lambda: bool(self.said("ready") or self.said("refused"))) or self.said("refused"):
            return False
        self.tell("arm")
        self.tell("resume")
        return self.wait(lambda: self.state()[0] == "RUNNING")

    def motor_processes(self) -> list[psutil.Process]:
        """Processes that the driver started."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def send(self, number: signal.Signals) -> None:
        """Send the driver's process a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def last_driven(self, since: float) -> float | None:
        """When it was driven last, from a moment on; None if it was not."""
        times = [when for when, driven in list(self.driven) if driven and when >= since]
        return times[-1] if times else None

    def close(self) -> None:
        """End everything."""
        self._ended.set()
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            children = self.motor_processes() if self.process.poll() is None else []
            assert self.process.stdin is not None
            self.process.stdin.close()
            try:
                self.process.wait(timeout=5.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            for child in children:
                if child.is_running():
                    child.kill()
        self.stand_in.close()
