# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What benches make of run folders: finished ones, stopped ones, and those of earlier versions."""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ros_rl.config import to_mapping
from ros_rl.errors import RunFolderError
from ros_rl.formats.parameters_file import write_parameters_file
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG, RunFolder, is_finished
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings

BENCH = Path(__file__).resolve().parents[1] / "bench"
TINY: list[Any] = [
    {"agent": {"name": "sac", "hidden": 8}, "task.episode_seconds": 1.0},
    {"learner": {"steps": 30, "warmup_steps": 10, "batch_size": 8, "updates_per_step": 0.1}},
    {"evaluator": {"every": 0, "final_episodes": 1, "video": False}},
]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Loads a benchmark, which finds its neighbours; tests have a ``kept`` of their own."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    monkeypatch.syspath_prepend(str(BENCH))
    return load


@pytest.fixture
def kept(bench: Any) -> ModuleType:
    pytest.importorskip("rclpy")
    module: ModuleType = bench("kept")
    return module


def begun(folder: Path, settings: Settings) -> Path:
    """A run that was killed before it wrote anything down but its settings."""
    with RunFolder.claim(folder) as claimed:
        claimed.write_config(settings)
    return folder


@pytest.mark.ros
def test_a_run_that_cannot_go_on_is_thrown_away(tmp_path: Path, kept: ModuleType) -> None:
    run = begun(tmp_path / "run", load_settings("mock_point"))
    with RunFolder.claim(run, go_on=True):
        with pytest.raises(RunFolderError, match="that of a run that is going on"):
            kept.clear(run)
        assert (run / CONFIG).is_file()
    kept.clear(run)
    assert not run.exists()
    kept.clear(run)
    (begun(run, load_settings("mock_point")) / CHECKPOINT / "00001_at_100").mkdir(parents=True)
    kept.clear(run)
    assert (run / CONFIG).is_file(), "it can go on"
    kept.clear(run, stopped=True)
    assert not run.exists()


@pytest.mark.ros
def test_a_training_that_was_killed_as_it_began_begins_again(tmp_path: Path, kept: ModuleType) -> None:
    settings = load_settings("mock_point", overrides=TINY)
    first = begun(tmp_path / "first", settings)
    kept.train(settings, first)
    assert is_finished(first) and kept.processor_minutes(first) > 0.0
    longer = load_settings("mock_point", overrides=[*TINY, "learner.steps=40"])
    other = begun(tmp_path / "other", longer)
    kept.train(longer, other, begin=first / CHECKPOINT)
    assert json.loads((other / "summary.json").read_text())["env_steps"] == 40


@pytest.mark.ros
def test_so_it_does_through_the_node_graph(
    tmp_path: Path, kept: ModuleType, bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning, run = bench("learning"), begun(tmp_path / "run", load_settings("mock_point"))

    def started(command: list[str], **_: Any) -> None:
        assert "--resume" not in command and not run.exists()
        run.mkdir()
        (run / "summary.json").write_text("{}")

    monkeypatch.setattr(subprocess, "run", started)
    assert learning.train("delayed", 0, 1.0, 100, run) == {}


@pytest.mark.ros
def test_what_is_being_shown_is_left_alone(tmp_path: Path, kept: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: started.append(command))
    run = begun(tmp_path / "run", load_settings("mock_point"))
    with RunFolder.claim(run, go_on=True), pytest.raises(RunFolderError, match="going on"):
        kept.record("mock_point", "reacher", 3, run)
    assert (run / CONFIG).is_file() and not started
    kept.record("mock_point", "reacher", 3, run)
    assert not run.exists() and len(started) == 1


def test_a_model_is_judged_under_what_its_run_had(tmp_path: Path, bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Today a1_track pays for standing level; a run that knows nothing of it was not paid."""
    ship_model, values = bench("ship_model"), to_mapping(load_settings("a1_track"))
    assert values["task"].pop("tilt_weight") > 0.0
    write_parameters_file(tmp_path / CONFIG, values, nodes=())
    (tmp_path / "summary.json").write_text('{"task": "a1_track"}')
    assert ship_model.changed(tmp_path, "a1_track", None) == ["task.tilt_weight=0.0"]
    found: list[float] = []

    class Judge:
        def __init__(self, settings: Settings, seed: int) -> None:
            found.append(settings.task.tilt_weight)  # type: ignore[attr-defined]

        def evaluate(self, *_: Any) -> Any:
            return argparse.Namespace(to_mapping=dict)

        def close(self) -> None:
            pass

    class Film:
        def write(self, *_: Any) -> None:
            pass

    monkeypatch.setattr(ship_model, "Evaluator", Judge)
    monkeypatch.setattr(ship_model.OnnxGraph, "load", lambda path: None)
    monkeypatch.setattr(ship_model, "record", lambda graph, settings, seconds: Judge(settings, 0) and Film())
    ship_model.judge(tmp_path, 1, 1.0)
    ship_model.look(tmp_path, tmp_path)
    assert found == [0.0, 0.0]


def test_the_ladder_climbs_on_what_its_run_had(tmp_path: Path, bench: Any) -> None:
    pytest.importorskip("gymnasium")
    ladder = bench("ladder")
    values = to_mapping(load_settings("gym", overrides=[{"task.env": "Pendulum-v1", "agent.name": "sac"}]))
    del values["learner"]["warmup_steps"]
    write_parameters_file(tmp_path / CONFIG, values, nodes=())
    args = argparse.Namespace(env="gym:Pendulum-v1", run=tmp_path, random_steps=10, episodes=1)
    args.horizon, args.samples, args.iterations = 5, 32, 1
    today, default = load_settings("gym").learner.warmup_steps, load_settings().learner.warmup_steps
    assert ladder.GymLadder(args).settings.learner.warmup_steps == default != today
