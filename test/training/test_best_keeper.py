# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The best evaluated controller of a run, beside the last."""

import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from graphs import constant_bytes

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runs.best import best_controller
from ros_rl.settings.loading import load_settings
from ros_rl.training.best_keeper import BestKeeper

SETTINGS = load_settings("mock_point")


def graph(value: float) -> bytes:
    return constant_bytes(SETTINGS, [value, value])


def acts(path: Path) -> float:
    """The action of a constant graph."""
    loaded = OnnxGraph.load(path)
    given = {item.name: np.zeros(item.size, np.float32) for item in SETTINGS.observation_spec().fields}
    noise = np.zeros(loaded.contract.noise, np.float32)
    return float(loaded.run(given, loaded.initial_carry(), noise, 0.0).action[0])


def judge(keeper: BestKeeper, steps: int, value: float, score: float, **more: object) -> None:
    keeper.asked(steps, graph(value))
    keeper.answered(steps, {"return_mean": score, "final": False, **more}, score)


def test_the_best_is_kept_with_its_evaluation(tmp_path: Path) -> None:
    keeper, best = BestKeeper(tmp_path), tmp_path / "best.onnx"
    assert best_controller(tmp_path) is None
    for steps, value, score in ((100, 0.1, -3.0), (200, 0.2, -1.0), (300, 0.3, -2.0)):
        judge(keeper, steps, value, score, robot_minutes=steps / 1200, plan_ms={"p50": 1.0})
    assert acts(best) == pytest.approx(0.2)
    provenance = OnnxGraph.load(best).contract.provenance
    assert provenance["score"] == -1.0 and provenance["evaluation"]["return_mean"] == -1.0
    found = best_controller(tmp_path)
    assert found is not None and (found["file"], found["env_steps"], found["score"]) == ("best.onnx", 200, -1.0)
    judge(keeper, 400, 0.4, -1.0)
    assert acts(best) == pytest.approx(0.4), "of two that are equally good the later one"


def test_what_failed_or_was_never_asked_for_is_none(tmp_path: Path) -> None:
    keeper = BestKeeper(tmp_path)
    judge(keeper, 100, 0.1, math.nan)
    keeper.answered(200, {"return_mean": 5.0, "final": False}, 5.0)
    assert best_controller(tmp_path) is None


def test_a_run_that_goes_on_keeps_its_best(tmp_path: Path) -> None:
    first, other = tmp_path / "first", tmp_path / "other"
    first.mkdir()
    other.mkdir()
    judge(BestKeeper(first), 100, 0.1, -1.0)
    for keeper, folder in ((BestKeeper(first), first), (BestKeeper(other, first), other)):
        judge(keeper, 200, 0.2, -2.0)
        assert acts(folder / "best.onnx") == pytest.approx(0.1)
        judge(keeper, 300, 0.3, -0.5)
        assert acts(folder / "best.onnx") == pytest.approx(0.3)


def test_graphs_that_are_never_judged_are_let_go(tmp_path: Path) -> None:
    keeper = BestKeeper(tmp_path)
    for steps in range(50):
        keeper.asked(steps, graph(0.0))
    assert len(keeper._waiting) <= 4
