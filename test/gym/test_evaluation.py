# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluations last as long as the environment's episodes, count its successes, and tell where it breaks."""

import threading
from pathlib import Path
from typing import Any

import gym_points  # noqa: F401
import pytest

from ros_rl.errors import SimulationError
from ros_rl.gym.training import GymTraining
from ros_rl.runs.run_folder import RunFolder
from ros_rl.settings.loading import load_settings


def training(env: str, said: list[str], **task: Any) -> GymTraining:
    small = {"agent": {"name": "random"}, "learner": {"steps": 20}, "evaluator": {"every": 0, "final_episodes": 4}}
    overrides = [small, {"task": {"env": env, "evaluation_steps": 350, **task}}, {"evaluator": {"video": False}}]
    return GymTraining(load_settings("gym", overrides=overrides), said.append)


def final(tmp_path: Path, run: GymTraining) -> dict[str, Any]:
    assert run.run(RunFolder(tmp_path), threading.Event())
    assert run.state.final_evaluation is not None
    return run.state.final_evaluation


def test_an_environment_that_limits_its_own_time_is_judged_to_its_end(tmp_path) -> None:
    said: list[str] = []
    found = final(tmp_path, training("test/Timed-v0", said))
    assert found["lengths"] == [300] * 4 and found["cut"] == 0
    assert any("does not tell how long its episodes are" in line and "350 steps" in line for line in said)


def test_one_that_never_ends_is_cut_and_that_is_told(tmp_path) -> None:
    said: list[str] = []
    found = final(tmp_path, training("test/Timed-v0", said, env_args={"length": 0}))
    assert found["lengths"] == [350] * 4 and found["cut"] == 4
    assert any(
        line.startswith("4 of 4 evaluation episodes were cut after 350 steps (task.evaluation_steps)") for line in said
    )


@pytest.mark.parametrize("key", ["is_success", "success"])
def test_successes_of_the_environment_are_counted(tmp_path, key) -> None:
    """It succeeds in the first and the third episode."""
    said: list[str] = []
    found = final(tmp_path, training("test/Timed-v0", said, env_args={"length": 8, "key": key}))
    assert found["success_rate"] == 0.5
    assert "success rate 0.50" in said[-1]
    assert "success_rate" not in final(tmp_path / "other", training("test/Point-v0", []))


def test_returns_of_all_episodes_are_there(tmp_path) -> None:
    found = final(tmp_path, training("test/Point-v0", []))
    assert len(found["returns"]) == found["episodes"] == 4 and min(found["returns"]) < max(found["returns"])
    assert sum(found["returns"]) / 4 == pytest.approx(found["return_mean"])
    assert (min(found["returns"]), max(found["returns"])) == (found["return_min"], found["return_max"])


def test_an_environment_that_breaks_in_an_evaluation_says_so(tmp_path) -> None:
    """Training takes 20 steps of 8; the evaluation's environment breaks in its third episode, as it counts itself."""
    run = training("test/Point-v0", [], env_args={"bad_at": 21, "bad": "observation"})
    with pytest.raises(SimulationError, match=r"observation\[0\] = nan.*, in step 5 of episode 2, of an evaluation$"):
        run.run(RunFolder(tmp_path), threading.Event())
    assert (tmp_path / "agent.onnx").exists() and (tmp_path / "checkpoint").is_dir()
