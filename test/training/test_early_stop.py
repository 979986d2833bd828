# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A training that ends at success: what counts as one, when it ends, and what it leaves."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.runs.evaluations import append_evaluation, in_a_row, succeeded
from ros_rl.settings.loading import load_settings
from ros_rl.training.run import TrainingRun
from ros_rl.training.training_loop import TrainingLoop

ROOT = Path(__file__).parents[2]
GOOD, BAD = {"success_rate": 1.0, "return_mean": 0.0}, {"success_rate": 0.9, "return_mean": 9.0}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (GOOD, True),
        (BAD, False),
        ({"return_mean": 475.0, "return_threshold": 475.0}, True),
        ({"return_mean": 474.9, "return_threshold": 475.0}, False),
        ({"return_mean": 500.0, "return_threshold": 475.0, "success_rate": 0.0}, False),
        ({"return_mean": 1e9}, False),
    ],
)
def test_success_is_of_all_episodes_or_a_mean_return(result, expected) -> None:
    assert succeeded(result) is expected


def test_only_those_at_the_end_count_in_the_order_of_their_steps() -> None:
    steps = [(300, GOOD), (100, GOOD), (200, BAD), (400, {"error": "failed"}), (500, GOOD)]
    assert in_a_row([{"env_steps": when, **result} for when, result in steps]) == 2
    assert in_a_row([]) == 0


def run_of(every: int, wanted: int, results: dict[int, dict[str, Any]], folder=None) -> tuple[TrainingRun, list]:
    """A training of 60 random steps that is told these results, one step after each was asked for."""
    small = {"learner": {"steps": 60, "warmup_steps": 10, "stop_at_success": wanted}, "evaluator": {"every": every}}
    training = TrainingLoop(load_settings("mock_point", overrides=["agent.name=random", small], preset="debug"))
    asked: list[tuple[int, bool]] = []
    run = TrainingRun(training, evaluate=lambda final: asked.append((training.env_steps, final)))
    run.begin(folder)
    while not run.done:
        run.note_steps(training.env_steps + 1)
        run.keep_up()
        if training.env_steps - 1 in results:
            run.note_evaluation(results[training.env_steps - 1], training.env_steps - 1)
    run.finish()
    return run, asked


def test_it_ends_after_as_many_in_a_row_and_with_a_final_evaluation(tmp_path) -> None:
    run, asked = run_of(10, 2, {10: GOOD, 20: BAD, 30: GOOD, 40: GOOD}, tmp_path)
    assert asked == [(10, False), (20, False), (30, False), (40, False), (41, True)]
    assert (tmp_path / "agent.onnx").is_file()
    run.note_evaluation(BAD, 41)  # the final one, which ended nothing
    assert run.report()["ended_by_successes"] == 2.0
    run.keep_up()
    assert len(asked) == 5 and not run.work()
    run.close()


@pytest.mark.parametrize(("wanted", "results"), [(0, {10: GOOD, 20: GOOD}), (2, {10: GOOD, 20: BAD, 30: GOOD})])
def test_otherwise_it_takes_its_time(wanted, results) -> None:
    run, asked = run_of(10, wanted, results)
    assert asked[-1] == (60, True) and run.report()["ended_by_successes"] == 0


def test_a_run_that_goes_on_counts_what_was_judged_before(tmp_path) -> None:
    append_evaluation(tmp_path, {"env_steps": 0, "final": False, **GOOD})
    assert run_of(10, 2, {10: GOOD, 20: GOOD}, tmp_path)[1][-1] == (11, True)


@pytest.mark.parametrize(
    ("task", "overrides", "complaint"),
    [
        ("mock_point", ["evaluator.every=0"], "nothing is evaluated on the way, as evaluator.every is 0"),
        ("a1_walk", ["driver.backend.name=external"], "nothing is evaluated with driver 'external'"),
    ],
)
def test_a_success_that_nobody_would_see_is_refused(task, overrides, complaint) -> None:
    with pytest.raises(ConfigError, match=f"learner.stop_at_success 1 has no effect: {complaint}"):
        load_settings(task, overrides=["learner.stop_at_success=1", *overrides])


def test_a_task_without_success_is_refused(monkeypatch) -> None:
    from ros_rl.tasks import Task
    from ros_rl.tasks.mock_point import MockPoint

    monkeypatch.setattr(MockPoint, "succeeded", Task.succeeded)
    with pytest.raises(ConfigError, match="task 'mock_point' does not say what success is"):
        load_settings("mock_point", overrides=["learner.stop_at_success=1"])


def gym_run(folder, env: str, more: dict[str, Any]) -> tuple[Any, list[str]]:
    gym_training = pytest.importorskip("ros_rl.gym.training")
    from ros_rl.runs.run_folder import RunFolder

    lines: list[str] = []
    small = {
        "agent": {"hidden": 8},
        "learner": {"steps": 60, "warmup_steps": 20, "stop_at_success": 1},
        "evaluator": {"every": 30, "episodes": 2, "final_episodes": 1, "video": False},
    }
    run = gym_training.GymTraining(load_settings("gym", overrides=[f"task.env={env}", small, more]), lines.append)
    assert run.run(RunFolder(folder), threading.Event())
    return run, lines


ENVIRONMENTS = {
    "Yes": ({"is_success": True}, None),
    "No": ({"is_success": False}, 1.0),
    "Solved": ({}, 5.0),
    "Mute": ({}, None),
}


@pytest.fixture(scope="module")
def told() -> str:
    """Environments that tell of success of their own accord, by a threshold of the return, or not at all."""
    gymnasium = pytest.importorskip("gymnasium")

    class Told(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)
        action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

        def __init__(self, info: dict[str, Any]) -> None:
            self.info = info

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return np.zeros(1, np.float32), {}

        def step(self, action):
            return np.zeros(1, np.float32), 1.0, False, False, dict(self.info)

    for name, (info, threshold) in ENVIRONMENTS.items():
        known = {"max_episode_steps": 5, "reward_threshold": threshold, "kwargs": {"info": info}}
        gymnasium.register(f"test/Told{name}-v0", Told, **known)
    return "test/Told"


@pytest.mark.parametrize(
    ("name", "steps", "figure"),
    [("Yes", 30, ("success_rate", 1.0)), ("No", 60, ("success_rate", 0.0)), ("Solved", 30, ("return_threshold", 5.0))],
)
def test_an_environments_own_success_ends_it(tmp_path, told, name, steps, figure) -> None:
    run, lines = gym_run(tmp_path, f"{told}{name}-v0", {})
    assert run.training.env_steps == steps and not any("stop_at_success" in line for line in lines)
    final = json.loads((tmp_path / "evaluations.jsonl").read_text().splitlines()[-1])
    assert final["final"] and final[figure[0]] == figure[1]


def test_an_environment_that_tells_nothing_is_named(tmp_path, told) -> None:
    run, lines = gym_run(tmp_path, f"{told}Mute-v0", {})
    assert run.training.env_steps == 60
    assert f"warning: learner.stop_at_success has no effect: gym:{told}Mute-v0 does not tell what success is" in lines


@pytest.mark.ros
def test_a_robots_run_ends_and_says_why(tmp_path) -> None:
    pytest.importorskip("rclpy")
    at_once = ["--set", "task.success_distance=9", "--set", "task.bound=9", "--set", "learner.stop_at_success=1"]
    more = ["--preset", "debug", "--robot-minutes", "1", "--out", str(tmp_path / "run")]
    command = [sys.executable, "-m", "ros_rl.cli", "train", "mock_point", *at_once, *more]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=200, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["ended_by_successes"] == 1 and 150 <= summary["env_steps"] < 1200
    assert summary["evaluation"]["success_rate"] == 1.0
    assert re.search("ended early +as evaluations succeeded, 1 in a row", done.stdout)
