# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One driver at one stand-in: brought to act, disturbed, watched."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from robot_campaign.received import Order
from robot_campaign.robots import Subject
from ros_rl.runtime.pacing import Limits

_DRIVER = Path(__file__).with_name("driver_process.py")
_LOOK = 0.002  # s
_UP_SECONDS = 60.0
_PRIORITY = 5


@dataclass
class Outcome:
    """What a fault did."""

    robot: str
    """Name of the subject."""
    fault: str
    expected: str
    """See `robot_campaign.robots`."""
    reaction: float | None = None
    """From the fault to the last moment at which an order led it on [control periods], see `led_until`; where nobody
    can reach the robot, to the driver's own fault. None: it was not led on."""
    rest: float | None = None
    """From the fault to the last moment at which it was driven [control periods]. None: it was not driven."""
    received: int = 0
    """Commands that reached the robot from the fault on."""
    last_moving: float | None = None
    """From the fault to the last command that moves [control periods]; None: there was none."""
    state: str = ""
    reason: str = ""
    wrong: list[str] = field(default_factory=list)


@contextlib.contextmanager
def preferred() -> Iterator[None]:
    """Stand-ins and drivers that begin in this thread run before other work, where the system allows it."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


class Visit:
    """A driver's process beside a stand-in in this one.

    Args:
        subject: Which.
        agent: Task whose shipped agent acts; empty: all joints wave.
        misses: Deadlines in a row that the controller misses before the driver faults.
    """

    def __init__(self, subject: Subject, agent: str = "", misses: int = Limits.misses) -> None:
        self.subject, self.period, self._agent, self._misses = subject, 1.0 / subject.rate, agent, misses
        self.stand_in = subject.stand_in()
        gc.collect()
        gc.freeze()  # lest each of Python's collections goes through all that stays, while the robot is silent
        self.stand_in.start()
        self.lines: list[dict[str, Any]] = []
        self._driven: list[float] = []
        self._ended = threading.Event()
        self.process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """Start the driver."""
        subject = self.subject
        settings = json.dumps(subject.settings(self.stand_in))
        words = [subject.robot, subject.driver, "--rate", str(subject.rate), "--agent", self._agent]
        words += ["--misses", str(self._misses)]
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
        driven = self.subject.driven(self.stand_in)
        while not self._ended.wait(_LOOK):
            if driven():
                self._driven.append(time.monotonic())

    def tell(self, order: str) -> None:
        """Give the driver an order or a misdeed; one that has ended hears nothing."""
        assert self.process is not None and self.process.stdin is not None
        try:
            self.process.stdin.write(f"{order}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def said(self, key: str) -> list[dict[str, Any]]:
        """Lines of the driver's that have a key."""
        return [line for line in list(self.lines) if key in line]

    def state(self) -> tuple[str, str]:
        """Newest safety state, and why."""
        states = self.said("state")
        return (states[-1]["state"], states[-1]["reason"]) if states else ("", "")

    def faulted(self) -> float | None:
        """When the driver latched a fault last [s, steady clock]; None if it has not."""
        times = [line["time"] for line in self.said("state") if line["state"] == "FAULT"]
        return times[-1] if times else None

    def taken(self, since: float) -> float | None:
        """When the driver took the first line that it was told from a moment on; it looks for some once a period."""
        return next((line["time"] for line in self.said("took") if line["time"] >= since), None)

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
        for _ in range(5):  # a robot that was just connected to may need a moment
            self.tell("arm")
            self.tell("resume")
            if not self.wait(lambda: self.state()[0] in ("RUNNING", "FAULT")) or self.state()[0] == "RUNNING":
                break
            time.sleep(0.5)
            self.tell("clear")
            self.wait(lambda: self.state()[0] != "FAULT", 2.0)
        return self.state()[0] == "RUNNING"

    def own_processes(self) -> list[psutil.Process]:
        """Processes that the driver started."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def send(self, number: signal.Signals) -> None:
        """Send the driver's process a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def last_driven(self, since: float, until: float = float("inf")) -> float | None:
        """When it was driven last, from a moment on; None if it was not."""
        times = [when for when in list(self._driven) if since <= when < until]
        return times[-1] if times else None

    def orders(self, since: float) -> list[Order]:
        """What the robot received from a moment on."""
        return list(self.subject.orders(self.stand_in, since))

    def close(self) -> None:
        """End everything."""
        self._ended.set()
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            children = self.own_processes() if self.process.poll() is None else []
            for child in children:
                child.send_signal(signal.SIGCONT)
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
