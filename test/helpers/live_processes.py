# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Real processes under test: `ros-rl`, what it starts, and what became of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from mcap.reader import make_reader

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0  # s; a busy machine is no failure
_STOP_SECONDS = 5.0
PATIENT = ["--set", f"supervisor.start_timeout={PATIENCE}", "--set", f"driver.silence_limit={PATIENCE}"]


@contextmanager
def command(
    *arguments: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """``ros-rl`` in a process of its own; whatever happens, nothing of it stays."""
    line = [sys.executable, "-m", "ros_rl.cli", *arguments]
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(line, env=environment, cwd=cwd, **options)
    try:
        yield process
    finally:
        children = family(process.pid)
        process.kill()
        process.wait()
        end(children)


def stop_seconds() -> float:
    """All that a signal may take; more where others want the same cores."""
    return _STOP_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def end(processes: Mapping[int, str]) -> None:
    for pid in processes:
        try:
            psutil.Process(pid).kill()
        except psutil.NoSuchProcess:
            continue


def family(parent: int) -> dict[int, str]:
    """Process ids of the nodes that a process started, also if it is gone, and their names."""
    found = {}
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if process.status() == psutil.STATUS_ZOMBIE or process.environ().get("ROS_RL_PARENT") != str(parent):
                continue
        except psutil.Error:
            continue
        names = [word.removeprefix("ros_rl.nodes.") for word in line if word.startswith("ros_rl.nodes.")]
        found[process.pid] = names[0] if names else line[0] if line else "?"
    return found


def pid_of(parent: int, name: str) -> int:
    """The process of a node, once there is one."""
    return wait_for(lambda: next((pid for pid, node in family(parent).items() if node == name), 0), name)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds:g} s in vain for {what}")


def read_until(process: subprocess.Popen[bytes], text: str) -> str:
    """Lines of a process up to the one that holds `text`."""
    assert process.stdout is not None
    lines = []
    for raw in process.stdout:
        lines.append(raw.decode())
        if text in lines[-1]:
            return "".join(lines)
    raise AssertionError(f"'{text}' was never printed:\n{''.join(lines)}")


def loads(pid: int, library: str) -> bool:
    """Whether a process has a shared library of this name in its memory: how far its imports are."""
    try:
        return library in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def installed(folder: Path, file: Path, points: str) -> dict[str, str]:
    """An environment in which a file is an installed package with these entry points."""
    info = folder / "example-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(file, folder)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def log_is_whole(folder: Path) -> bool:
    """Whether each MCAP file of a run's log has been finished."""
    files = list((folder / "log").glob("*.mcap"))
    for file in files:
        with file.open("rb") as stream:
            summary = make_reader(stream).get_summary()
            if summary is None or summary.statistics is None:
                return False
    return bool(files)


def complaints(folder: Path) -> str:
    """What nodes printed that no orderly end prints."""
    lines = [line for file in (folder / "logs").glob("*.log") for line in file.read_text().splitlines()]
    wrong = ("Traceback", "error:", "terminate called", "KeyboardInterrupt", "Segmentation", "Aborted")
    return "\n".join(line for line in lines if any(word in line for word in wrong))
