# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Benchmarks speak of what the package has: their runs are too long for tests, and nothing else would say so."""

import ast
import functools
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ros_rl.runs.evaluations import read_evaluations
from ros_rl.runs.run_folder import is_finished

ROOT = Path(__file__).resolve().parents[1]
BENCHES = sorted((ROOT / "bench").rglob("*.py"))
PLACE = re.compile(r"(ros_rl(?:\.\w+)+):(\w+(?:\.\w+)*)")
"""A function as ``bench/profile_step.py`` names it: module and attribute."""


def module_file(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()), None)


def defined(body: list[ast.stmt]) -> Iterator[str]:
    """Names that the statements of a module bind."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (item.id for target in targets for item in ast.walk(target) if isinstance(item, ast.Name))
        elif isinstance(node, ast.If | ast.Try):
            yield from defined([*node.body, *node.orelse])


def names(module: Path) -> set[str]:
    return set(defined(ast.parse(module.read_text()).body)) | {path.stem for path in module.parent.iterdir()}


TRAIN = """
from pathlib import Path

from kept import train
from ros_rl.settings.loading import load_settings

small = [
    {"agent": {"name": "sac", "hidden": 8}, "task.episode_seconds": 1.0},
    {"learner": {"robot_minutes": 0.25, "warmup_steps": 20, "batch_size": 8, "updates_per_step": 0.1}},
    {"evaluator": {"every": 100, "episodes": 1, "final_episodes": 1, "video": False}},
]
train(load_settings("mock_point", overrides=small), Path("run"))
"""


@pytest.mark.ros
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_training_that_was_stopped_goes_on_in_its_folder(tmp_path: Path, stop: signal.Signals) -> None:
    pytest.importorskip("rclpy")
    paths = os.pathsep.join(str(ROOT / folder) for folder in (".", "bench"))
    where: dict[str, Any] = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": paths}}
    with subprocess.Popen([sys.executable, "-c", TRAIN], stderr=subprocess.DEVNULL, **where) as process:
        try:
            while not read_evaluations(tmp_path / "run"):
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(stop)
            assert process.wait(60) and not is_finished(tmp_path / "run")
        finally:
            process.kill()
    first = read_evaluations(tmp_path / "run")
    subprocess.run([sys.executable, "-c", TRAIN], check=True, timeout=200, **where)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert (summary["finished"], summary["env_steps"]) == (True, 300)
    told = read_evaluations(tmp_path / "run")
    assert told[: len(first)] == first and [point["env_steps"] for point in told] == [100, 200, 300]
    assert (tmp_path / "run" / "cost.json").exists() == (stop == signal.SIGINT)


@pytest.mark.parametrize("bench", BENCHES, ids=lambda path: str(path.relative_to(ROOT / "bench")))
def test_what_is_imported_is_there(bench: Path) -> None:
    for node in ast.walk(ast.parse(bench.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "ros_rl":
            file = module_file(node.module)
            assert file is not None, f"{node.module} (line {node.lineno})"
            assert {alias.name for alias in node.names} <= names(file), f"line {node.lineno}"


def test_what_is_profiled_is_there() -> None:
    places = [place for bench in BENCHES for place in PLACE.findall(bench.read_text())]
    assert len(places) > 20
    for module, path in places:
        found: Any = functools.reduce(getattr, path.split("."), importlib.import_module(module))
        assert callable(found), f"{module}:{path}"
