# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What another package brings along, installed for a process of its own or registered in this one."""

import configparser
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from ros_rl.backends.pybullet.sensors import MEASURES
from ros_rl.features import FEATURES
from ros_rl.plugins import FEATURES_GROUP, INPUTS_GROUP, PYBULLET_SENSORS_GROUP, SENSORS_GROUP, TASKS_GROUP
from ros_rl.sensors.inputs import INPUTS
from ros_rl.sensors.table import SENSORS
from ros_rl.settings.registry import ALL_TASKS

ROOT = Path(__file__).parents[2]
TABLES: dict[str, MutableMapping[str, Any]] = {
    SENSORS_GROUP: SENSORS,
    FEATURES_GROUP: FEATURES,
    INPUTS_GROUP: INPUTS,
    PYBULLET_SENSORS_GROUP: MEASURES,
    TASKS_GROUP: ALL_TASKS,
}


def run_with_package(
    files: Iterable[Path], points: str, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run Python where these files are an installed package with these entry points."""
    for file in files:
        (shutil.copytree if file.is_dir() else shutil.copy)(file, folder / file.name)
    info = folder / "example-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd=folder)


def run_installed(module: Path, points: str, folder: Path, code: str) -> str:
    """What a program prints where the module is an installed package with these entry points."""
    done = run_with_package([module], points, folder, "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def registered(module: Path, points: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, what the entry points name."""
    monkeypatch.syspath_prepend(module.parent)
    for group, name, value in entries(points):
        monkeypatch.setitem(TABLES[group], name, EntryPoint(name, value, group).load())


def entries(points: str) -> Iterator[tuple[str, str, str]]:
    """Group, name and value of each."""
    parser = configparser.ConfigParser()
    parser.read_string(points)
    for group in parser.sections():
        for name, value in parser[group].items():
            yield group, name, value
