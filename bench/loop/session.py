# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A run as a person does it: stand-in, ``ros-rl run`` (``record``), ``arm``, ``resume``; last ``disarm`` and Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loop.cases import ROOT, Case

_ROS_RL = [sys.executable, "-m", "ros_rl.cli"]
_UP, _ARMED, _DOWN = 120.0, 120.0, 30.0  # s that a machine may take which is busy otherwise
_FAULT = re.compile(r"^driver: (?:FAULT|EMERGENCY_STOP) \((.*)\); nothing moves")
_ACTS = "driver: acts again"
_AGAIN, _NOT_FOUND = 3, "no driver"


class Program:
    """A command of ``ros-rl`` in a process of its own, and the lines that it prints."""

    def __init__(self, *words: str) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [*_ROS_RL, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment()
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self.lines += iter(lambda: self._process.stdout.readline().rstrip("\n"), "")

    @property
    def ended(self) -> bool:
        """Whether the process has."""
        return self._process.poll() is not None

    def wait_for(self, pattern: str, seconds: float) -> re.Match[str]:
        """The first line that has it.

        Raises:
            RuntimeError: It did not come, or the process ended before.
        """
        end = time.monotonic() + seconds
        while True:
            over = self.ended or time.monotonic() > end
            found = next((match for line in list(self.lines) if (match := re.search(pattern, line))), None)
            if found is not None:
                return found
            if over:
                raise RuntimeError(f"'{pattern}' was not said: {' / '.join(self.lines[-4:])}")
            time.sleep(0.1)

    def end(self) -> None:
        """As by Ctrl-C."""
        if not self.ended:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_DOWN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_DOWN)


@dataclass(frozen=True)
class Left:
    """What a run leaves."""

    folder: Path
    """The run's."""
    truth: Path
    """Where the robot really was; see ``ros-rl stand-in --truth``."""
    problem: str
    """Why it did not come to its end; empty: it did."""


def environment() -> dict[str, str]:
    """A domain of ROS of its own, unless the caller has one, and this checkout's package."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"ROS_DOMAIN_ID": "74", **os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def order(*words: str) -> None:
    """A command of ``ros-rl`` that is done at once, given again where the driver was not found: discovery takes time.

    Raises:
        RuntimeError: It failed.
    """
    said = ""
    for _ in range(_AGAIN):
        done = subprocess.run(
            [*_ROS_RL, *words], capture_output=True, text=True, cwd=ROOT, env=environment(), timeout=_UP
        )
        if not done.returncode:
            return
        said = (done.stdout + done.stderr).strip()
        if _NOT_FOUND not in said:
            break
    raise RuntimeError(f"ros-rl {' '.join(words)}: {said}")


@contextlib.contextmanager
def begun(*words: str) -> Iterator[Program]:
    """A program, ended whatever happens."""
    program = Program(*words)
    try:
        yield program
    finally:
        program.end()


def play(case: Case, seconds: float, folder: Path) -> Left:
    """Let somebody act at a stand-in from the moment on that he does, or until something goes wrong.

    Args:
        case: Which.
        seconds: For how long [s].
        folder: Where the run's files go.
    """
    truth, run, problem = folder / "truth.txt", folder / "run", ""
    folder.mkdir(parents=True, exist_ok=True)
    with begun(*case.stands_in, "--truth", str(truth)) as stand_in:
        address = stand_in.wait_for(r"stands in at (.*); Ctrl-C", _UP)[1]
        settings = [word for item in case.found_at(address) for word in ("--set", f"driver.backend.{item}")]
        with begun(*case.acts, "--driver", case.driver, *settings, "--out", str(run)) as running:
            try:
                namespace = running.wait_for(r"DISARMED.*--namespace (\S+)", _UP)[1]
                order("arm", "--namespace", namespace)
                order("resume", "--namespace", namespace)
                running.wait_for(f"{_ACTS}|{_FAULT.pattern}", _ARMED)
                problem = _watched(running, seconds)
                if not problem:
                    order("disarm", "--namespace", namespace)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                problem = str(error)
    (folder / "run.txt").write_text("\n".join(running.lines) + "\n")
    (folder / "stand_in.txt").write_text("\n".join(stand_in.lines) + "\n")
    return Left(run, truth, problem)


def _watched(running: Program, seconds: float) -> str:
    """Wait; what went wrong meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        fault = next((match for line in list(running.lines) if (match := _FAULT.match(line))), None)
        if fault is not None:
            return f"fault: {fault[1]}"
        if running.ended:
            return f"the run ended: {' / '.join(running.lines[-4:])}"
        time.sleep(0.2)
    return ""
