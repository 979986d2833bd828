# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a run leaves what it made: one folder, whose finished content is never overwritten."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import time
from pathlib import Path
from typing import Any

from ros_rl.config import to_mapping
from ros_rl.errors import RunFolderError
from ros_rl.resources import package_version
from ros_rl.settings.tree import Settings
from ros_rl.yaml_files import write_parameters_file

CONFIG, SUMMARY, AGENT, VIDEO = "config.yaml", "summary.json", "agent.onnx", "evaluation.gif"
CHECKPOINT, LOGS, TENSORBOARD = "checkpoint", "logs", "tensorboard"

_PACKAGES = ("numpy", "onnxruntime", "torch", "pybullet", "mcap", "ros-rclpy", "gymnasium", "mujoco")


class RunFolder:
    """A run's folder.

    Args:
        path: The folder; it may exist, but hold no finished run.

    Raises:
        RunFolderError: It holds a finished run, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        if (self.path / SUMMARY).exists():
            raise RunFolderError(f"{path} holds a finished run ({SUMMARY}); name another --out")
        try:
            (self.path / LOGS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"{path} cannot be written: {error.strerror}") from None

    @property
    def config(self) -> Path:
        """The complete settings, a ROS parameters file that every node reads."""
        return self.path / CONFIG

    def write_config(self, settings: Settings) -> None:
        """Write the complete settings; all stand under ``/**``, as some nodes need those of others."""
        write_parameters_file(self.config, to_mapping(settings), nodes=())

    def log_file(self, node: str) -> Path:
        """What a node prints."""
        return self.path / LOGS / f"{node}.log"

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Write ``summary.json``, whole or not at all."""
        partial = self.path / f"{SUMMARY}.partial"
        partial.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        partial.replace(self.path / SUMMARY)


def default_folder(task: str) -> Path:
    """``runs/<task>_<date>_<time>``."""
    return Path("runs") / f"{re.sub('[^A-Za-z0-9_.-]', '_', task)}_{time.strftime('%Y%m%d_%H%M%S')}"


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
