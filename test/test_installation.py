# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the ways to install the package say and bring: Makefile, Dockerfile, README, the line of a missing package."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ros_rl import errors
from ros_rl.errors import MissingDependencyError

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE, DOCKERFILE = (ROOT.joinpath(name).read_text(encoding="utf-8") for name in ("Makefile", "Dockerfile"))


def chosen_simulator(tmp_path: Path, version: tuple[int, int, int], compiler: bool, installed: bool) -> str:
    """What `make` takes with a Python that says this of itself."""
    (tmp_path / "Python.h").touch()
    python = tmp_path / "python"
    setup = f"import importlib.util, shutil, sys, sysconfig; sys.version_info = {version}"
    setup += f"; shutil.which = lambda name: {'/usr/bin/c++' if compiler else None!r}"
    setup += f"; sysconfig.get_path = lambda name: {str(tmp_path)!r}"
    setup += f"; importlib.util.find_spec = lambda name: {True if installed else None}"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{setup}\n$2"\n')
    python.chmod(0o755)
    command = ["make", "-n", "run", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize(
    ("version", "compiler", "installed", "simulator", "task"),
    [
        ((3, 11, 9), False, False, "sim", "a1_walk"),
        ((3, 12, 3), False, False, "mujoco", "go2_walk"),
        ((3, 13, 0), False, False, "mujoco", "go2_walk"),
        ((3, 12, 3), True, False, "sim", "a1_walk"),
        ((3, 12, 3), False, True, "sim", "a1_walk"),
    ],
)
def test_make_takes_mujoco_where_pybullet_cannot_be(tmp_path, version, compiler, installed, simulator, task) -> None:
    done = chosen_simulator(tmp_path, version, compiler, installed)
    assert f".[{simulator}]" in done and f"ros-rl train {task}" in done
    assert ("MuJoCo takes its place" in done) is (simulator == "mujoco")


@pytest.mark.parametrize(("version", "told"), [((3, 11), False), ((3, 12), True)])
def test_a_missing_pybullet_says_what_it_needs(monkeypatch, version, told) -> None:
    monkeypatch.setattr(errors.sys, "version_info", version)
    assert ("build-essential python3-dev" in str(MissingDependencyError("pybullet", "sim"))) is told
    assert "build-essential" not in str(MissingDependencyError("torch", "learn"))


@pytest.mark.parametrize("extra", ["sim", "learn", "gym", "test"])
def test_the_container_has_what_the_tests_need(extra) -> None:
    listed = re.search(rf'"{extra}": \[(.*?)\]', (ROOT / "setup.py").read_text(), re.DOTALL)
    assert listed is not None
    text = DOCKERFILE.replace("${TORCH}", "torch")
    for package in re.findall(r'"([\w-]+)', listed[1]):
        assert re.search(rf"[ \"]{package}\b", text), f"{package} of the extra '{extra}' is not in the Dockerfile"


def test_the_readme_installs_into_an_environment_of_its_own() -> None:
    """Ubuntu 24.04's Python refuses a plain ``pip install`` (PEP 668)."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## With ROS 2")[2].partition("\n## ")[0]
    commands = re.findall(r"^\$ (.*)$", section, re.MULTILINE)
    pips = [line for line in commands if "pip install" in line]
    assert pips and all("/bin/pip install" in line for line in pips)
    assert any("-m venv --system-site-packages" in line for line in commands)
    assert any("build-essential" in line and "python3-dev" in line for line in commands)


@pytest.mark.ros
def test_a_node_runs_by_the_one_command() -> None:
    pytest.importorskip("rclpy")
    command = [sys.executable, "-m", "ros_rl.cli", "node", "collector", "--ros-args", "-p", "collector.nope:=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ROS parameters: unknown setting 'collector.nope'")
    wrong = subprocess.run([*command[:4], "nobody"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2 and "invalid choice: 'nobody' (choose from" in wrong.stderr
