# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a run leaves what it made: one folder, whose finished content is never overwritten."""

from __future__ import annotations

import fcntl
import importlib.metadata
import itertools
import json
import os
import platform
import re
import shlex
import time
from pathlib import Path
from typing import Any

from ros_rl.config import iterate, merge, nested, to_mapping
from ros_rl.errors import RunFolderError
from ros_rl.formats.parameters_file import write_parameters_file
from ros_rl.resources import package_version
from ros_rl.robot import is_file
from ros_rl.robot.copying import portable
from ros_rl.runs.checkpoints import resumable
from ros_rl.runs.durable import write_whole
from ros_rl.runs.evaluations import EVALUATIONS
from ros_rl.runs.totals import TOTALS
from ros_rl.settings.tree import Settings

CONFIG, ROBOT = "config.yaml", "robot.yaml"
"""All settings, and the robot's file, if it is none that a package brings."""
SUMMARY, VIDEO = "summary.json", "evaluation.gif"
AGENT, BEST = "agent.onnx", "best.onnx"
"""The last control graph, and the one with the best evaluation."""
CHECKPOINT, LOGS, TENSORBOARD = "checkpoint", "logs", "tensorboard"
LOG = "log"
"""What the robot did (MCAP); `LOGS` are what its processes said."""
FINISHED = "finished"
"""Entry of the summary: whether the run came to its end, or was stopped and may go on."""
_LOCK = "run.lock"
_WRITTEN = (AGENT, BEST, CHECKPOINT, EVALUATIONS, LOG, ROBOT, TENSORBOARD, TOTALS, VIDEO)
"""What a run would write over or add to, besides what says that there is a run."""

_PACKAGES = ("numpy", "onnxruntime", "torch", "pybullet", "mcap", "ros-rclpy", "gymnasium", "mujoco")


class RunFolder:
    """A run's folder. Whoever starts a run claims it; who only reads or adds to it makes one of these.

    Args:
        path: The folder; it is made.

    Raises:
        RunFolderError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None
        try:
            (self.path / LOGS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"{path} cannot be written: {error.strerror}") from None

    @classmethod
    def claim(cls, path: Path, go_on: bool = False) -> RunFolder:
        """Take a folder for a new run; nobody else gets it until `release`, or the end of this process.

        Args:
            path: The folder; it may exist.
            go_on: Whether it may hold a run that was stopped.

        Raises:
            RunFolderError: Another run is going on there, it holds a run already or what a run would write over, or
                cannot be written.
        """
        _refuse_strangers(path)
        folder = cls(path)
        folder.take_lock()
        try:
            folder._check_free(path, go_on)
        except RunFolderError:
            folder.release()
            raise
        return folder

    @classmethod
    def claim_default(cls, task: str) -> RunFolder:
        """Take a new folder ``runs/<task>_<date>_<time>``, or of the next such name that nobody has.

        Args:
            task: Its name.

        Raises:
            RunFolderError: It cannot be written.
        """
        first = Path("runs") / f"{re.sub('[^A-Za-z0-9_.-]', '_', task)}_{time.strftime('%Y%m%d_%H%M%S')}"
        for number in itertools.count(2):
            try:
                first.parent.mkdir(exist_ok=True)
                (path := first if number == 2 else first.with_name(f"{first.name}_{number - 1}")).mkdir()
                return cls.claim(path)
            except FileExistsError:
                continue
            except OSError as error:
                raise RunFolderError(f"{first} cannot be written: {error.strerror}") from None
        raise AssertionError

    @classmethod
    def claim_for(cls, task: str, out: Path | None, resumed: Path | None) -> RunFolder:
        """Take the folder that is asked for, else that of the stopped run that goes on, else a new one.

        Args:
            task: Its name.
            out: The folder that is asked for.
            resumed: The run that goes on.

        Raises:
            RunFolderError: As `claim`.
        """
        stopped = resumed is not None and (resumed / CHECKPOINT).is_dir() and not is_finished(resumed)
        path = out or (resumed if stopped else None)
        if path is None:
            return cls.claim_default(task)
        same = stopped and resumed is not None and path.resolve() == resumed.resolve()
        return cls.claim(path, go_on=same)

    def release(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> RunFolder:
        """For ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release it."""
        self.release()

    def take_lock(self) -> None:
        """Keep others out; the system gives the lock back when the process ends, however it does.

        Raises:
            RunFolderError: Another process has it, or the folder cannot be written.
        """
        try:
            self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._lock, 0)
            os.write(self._lock, f"{os.getpid()}\n".encode())
        except BlockingIOError:
            holder = (self.path / _LOCK).read_text().strip()
            self.release()
            raise RunFolderError(
                f"{self.path} is that of a run that is going on (process {holder}); stop it, or name another --out"
            ) from None
        except OSError as error:
            self.release()
            raise RunFolderError(f"{self.path} cannot be written: {error.strerror}") from None

    def _check_free(self, path: Path, go_on: bool) -> None:
        if is_finished(self.path):
            raise RunFolderError(f"{path} holds a finished run ({SUMMARY}); name another --out")
        if self.config.exists() and not go_on:
            resume = f"--resume {shlex.quote(str(path))}"
            again = f"go on with it ({resume}), or " if resumable(self.path / CHECKPOINT) else ""
            raise RunFolderError(f"{path} holds a run that was stopped ({CONFIG}); {again}name another --out")

    @property
    def config(self) -> Path:
        """The complete settings, a ROS parameters file that every node reads."""
        return self.path / CONFIG

    def write_config(self, settings: Settings, name: str = CONFIG) -> None:
        """Write the complete settings; all stand under ``/**``, as some nodes need those of others.

        They hold wherever they are read: a robot's own file is copied beside them, and other paths are whole.
        """
        values = to_mapping(settings)
        for key, value, info in iterate(settings):
            if info.path and value:
                whole = [str(Path(each).resolve()) for each in ((value,) if isinstance(value, str) else value)]
                values = merge(values, nested(key, whole[0] if isinstance(value, str) else whole))
        if is_file(settings.robot):
            own, copied = Path(settings.robot), self.path / ROBOT
            if own.resolve() != copied:
                write_whole(copied, portable(own).encode())
            values["robot"] = ROBOT
        write_parameters_file(self.path / name, values, nodes=(), write=write_whole)

    def log_file(self, node: str) -> Path:
        """What a node prints."""
        return self.path / LOGS / f"{node}.log"

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Write ``summary.json``, whole or not at all.

        Raises:
            RunFolderError: The disk is full, or the folder cannot be written.
        """
        try:
            write_whole(self.path / SUMMARY, (json.dumps(summary, indent=2) + "\n").encode())
        except OSError as error:
            raise RunFolderError(f"{self.path / SUMMARY} cannot be written: {error.strerror}") from None


def is_finished(folder: Path) -> bool:
    """Whether the run of a folder came to its end; one whose summary cannot be read is left alone as if it had."""
    try:
        return json.loads((folder / SUMMARY).read_bytes()).get(FINISHED, True) is not False
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError):
        return True


def _refuse_strangers(path: Path) -> None:
    """Somebody's files would be written over, or added to, by a run that is not theirs."""
    found = [name for name in _WRITTEN if os.path.lexists(path / name)]
    if found and not any((path / name).exists() for name in (CONFIG, SUMMARY)):
        raise RunFolderError(f"{path} holds '{found[0]}', which a run writes, and no run; name another --out")


def run_of(checkpoint: Path) -> Path | None:
    """Folder of the run that a folder of checkpoints, or one of these, is of; None if it is of none."""
    return next((folder for folder in checkpoint.resolve().parents if (folder / CONFIG).is_file()), None)


def machine() -> dict[str, Any]:
    """What a run's figures depend on."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def versions() -> dict[str, str]:
    """Versions of Python, the package and what it stands on."""
    found = {"python": platform.python_version(), "ros_rl": package_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    if "ROS_DISTRO" in os.environ:
        found["ros_distro"] = os.environ["ROS_DISTRO"]
    return found
