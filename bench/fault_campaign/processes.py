# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A run of `ros-rl` in processes of its own, as a user starts it, and what becomes of each of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
NODES = ("driver", "controller", "collector", "learner", "evaluator")
_NODE = re.compile(r"ros_rl\.nodes\.(\w+)")
_PROGRESS = re.compile(r"steps/s")
_MODULE = "fault_campaign.stand_in"
_POINTS = f"""
[ros_rl.backend_settings]
stand_in = {_MODULE}:StandInSettings
[ros_rl.backends]
stand_in = {_MODULE}:StandIn
"""
MARK = "ROS_RL_FAULTS"
"""Environment variable by which every process that a campaign ever started is found again."""


def install(folder: Path) -> dict[str, str]:
    """Put the stand-in's backend into a folder as an installed package; returns the environment that finds it."""
    code = folder / "fault_campaign"
    code.mkdir()
    for name in ("robot.py", "stand_in.py"):
        shutil.copy(Path(__file__).with_name(name), code)
    info = folder / "stand_in-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stand_in\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(_POINTS)
    path = os.pathsep.join([str(folder), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}


def wait_for(condition: Callable[[], object], seconds: float, step: float = 0.02) -> bool:
    """Wait until a condition holds; False if it did not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


class Run:
    """`ros-rl` with some arguments, in a process group of its own.

    Args:
        arguments: Behind ``ros-rl``.
        environment: Of its processes.
        output: File for what it prints.
        prepare: Called in the process before it runs.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: Path,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        self.output = output
        self._mark = f"{os.getpid()}-{time.monotonic_ns()}"
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ros_rl.cli", *arguments],
                env={**environment, MARK: self._mark},
                cwd=output.parent,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=prepare,
            )
        self.started = time.monotonic()

    def processes(self) -> list[psutil.Process]:
        """All that live and came from this run, whoever is their parent now."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == self._mark:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def nodes(self) -> dict[str, int]:
        """Process ids of the living nodes by their names."""
        found = {}
        for process in self.processes():
            try:
                match = _NODE.search(" ".join(process.cmdline()))
            except psutil.Error:
                continue
            if match and match[1] in NODES:
                found[match[1]] = process.pid
        return found

    def text(self, since: int = 0) -> str:
        """What it printed, from that byte on."""
        return self.output.read_bytes()[since:].decode(errors="replace")

    def said(self, since: int = 0) -> list[str]:
        """The lines that are about more than progress."""
        return [line for line in self.text(since).splitlines() if line.strip() and not _PROGRESS.search(line)]

    def ended(self, seconds: float) -> bool:
        """Wait until none of its processes is left; False if one is."""
        return wait_for(lambda: self.process.poll() is not None and not self.processes(), seconds, step=0.05)

    def kill(self) -> None:
        """End all of it at once, as a power cut does."""
        for process in [self.process.pid, *(item.pid for item in self.processes())]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self.ended(10.0)
