# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What benches keep in folders: one that is finished is not made again, a training that was stopped goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ros_rl.nodes.log_reader import read_ticks
from ros_rl.runs.checkpoints import resumable
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG, RunFolder, is_finished
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally

_COST, _PROCESSOR = "cost.json", "processor_minutes"


def train(settings: Settings, folder: Path, begin: Path | None = None) -> None:
    """Train in this process, unless it is done; on from where it was stopped, whether in order or killed.

    Args:
        settings: Of the run.
        folder: Of the run.
        begin: Checkpoints of another run that it begins with; None: it begins anew.

    Raises:
        RosRlError: See `clear` and `train_locally`.
    """
    if is_finished(folder):
        return
    clear(folder)
    stopped = folder / CHECKPOINT if resumable(folder / CHECKPOINT) else None
    before, began = processor_minutes(folder) if stopped else 0.0, time.process_time()
    (folder / _COST).unlink(missing_ok=True)  # a process that is killed leaves none
    try:
        for _ in train_locally(settings, read_ticks, folder, resume=stopped or begin):
            pass
    finally:
        if before is not None and (folder / CONFIG).is_file():
            (folder / _COST).write_text(json.dumps({_PROCESSOR: before + (time.process_time() - began) / 60}))


def once(path: Path, make: Callable[[], Any]) -> Any:
    """What a file of JSON holds; where there is none yet it is made and written first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(make()))
    return json.loads(path.read_text())


def clear(folder: Path, stopped: bool = False) -> None:
    """Throw away a run that cannot go on, as it was killed before it wrote its first transition down.

    Args:
        folder: Of the run; there may be none.
        stopped: Whether one that could go on is thrown away, too.

    Raises:
        RunFolderError: The run is going on.
    """
    if not (folder / CONFIG).is_file():
        return
    with RunFolder.claim(folder, go_on=True):
        if stopped or not resumable(folder / CHECKPOINT):
            shutil.rmtree(folder)


def processor_minutes(folder: Path) -> float | None:
    """What a training that `train` made took, with all that it did before it was stopped; None: it was killed once."""
    found: float | None = json.loads(file.read_text())[_PROCESSOR] if (file := folder / _COST).is_file() else None
    return found


def record(task: str, expert: str, episodes: int, folder: Path, settings: Iterable[str] = (), preset: str = "") -> None:
    """Let an expert show a task, unless it did; what was stopped is thrown away.

    Args:
        task: Its name.
        expert: Its name.
        episodes: How many it shows.
        folder: Of the run.
        settings: ``key.path=value``.
        preset: Variant of the task; empty: none.

    Raises:
        RunFolderError: It is being shown.
    """
    if is_finished(folder):
        return
    clear(folder, stopped=True)
    command = [sys.executable, "-m", "ros_rl.cli", "record", task, "--expert", expert, "--episodes", str(episodes)]
    command += ["--seed", "500", "--out", str(folder), *(["--preset", preset] if preset else [])]
    command += [word for item in settings for word in ("--set", item)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
