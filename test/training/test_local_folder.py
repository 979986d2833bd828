# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A local training with a folder and a callback: what it leaves, who may end it, and what goes on with it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from learners import small_settings
from summaries import SUMMARY_KEYS

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, RunFolderError
from ros_rl.runs.evaluations import read_evaluations
from ros_rl.runs.received import Received
from ros_rl.runtime.evaluation import evaluate
from ros_rl.settings import loading
from ros_rl.settings.loading import load_settings
from ros_rl.settings.recorded import load_run
from ros_rl.training.local import Callback, train_locally
from ros_rl.training.run import TrainingRun
from ros_rl.training.training_loop import TrainingLoop

SHORT = {
    "agent": {"act": "policy"},
    "learner": {"robot_minutes": 0.2},
    "task": {"episode_seconds": 1.0},
    "evaluator": {"every": 100, "episodes": 1, "final_episodes": 2},  # as long as the task's episodes
}


def settings_of(**more: Any) -> Any:
    return small_settings("mock_point", SHORT, more)


class Taking(Callback):
    """Takes down what it is told, and ends the training at one of these."""

    def __init__(self, step: int = -1, episode: int = -1, evaluation: int = -1) -> None:
        self.at, self.steps, self.episodes, self.evaluations = (step, episode, evaluation), [], [], []

    def on_step(self, training, step):
        self.steps.append(step.tick.env_steps)
        return len(self.steps) == self.at[0]

    def on_episode(self, progress):
        self.episodes.append(progress.episode_return)
        return len(self.episodes) == self.at[1]

    def on_evaluation(self, evaluation):
        self.evaluations.append((evaluation["env_steps"], evaluation["final"], evaluation["return_mean"]))
        return len(self.evaluations) == self.at[2]


def test_the_folder_holds_what_a_run_of_nodes_leaves_and_changes_nothing(tmp_path) -> None:
    callback = Taking()
    kept = [p.episode_return for p in train_locally(settings_of(), folder=tmp_path / "run", callback=callback)]
    assert kept == callback.episodes == [p.episode_return for p in train_locally(settings_of())]
    run = tmp_path / "run"
    left = {path.name for path in run.iterdir()}
    assert {"agent.onnx", "best.onnx", "checkpoint", "config.yaml", "evaluations.jsonl", "summary.json"} <= left
    assert "tensorboard" in left and load_run(run / "config.yaml") == settings_of()
    summary = json.loads((run / "summary.json").read_text())
    assert summary.keys() >= SUMMARY_KEYS and summary["finished"] and summary["env_steps"] == 240
    assert summary["transitions"] == 240 and summary["wall_minutes"] > 0 and not summary["dropped_transitions"]
    assert [(steps, final) for steps, final, _ in callback.evaluations] == [(100, False), (200, False), (240, True)]
    settings = settings_of()
    again = evaluate(OnnxGraph((run / "agent.onnx").read_bytes()), settings, 2, 1.0, settings.seed + 1000)
    assert again.return_mean == pytest.approx(callback.evaluations[-1][2]) == summary["evaluation"]["return_mean"]


@pytest.mark.parametrize(("at", "steps"), [({"step": 31}, 29), ({"episode": 3}, 60), ({"evaluation": 1}, 100)])
def test_each_of_a_callback_may_end_the_training_in_order(tmp_path, at, steps) -> None:
    callback = Taking(**at)
    *_, _ = train_locally(settings_of(), folder=tmp_path, callback=callback)
    assert callback.steps[-1] == steps
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["finished"] and summary["env_steps"] == steps and (tmp_path / "agent.onnx").is_file()
    assert read_evaluations(tmp_path)[-1]["env_steps"] == steps


def test_success_ends_it_too(tmp_path) -> None:
    more = {"task": {"success_distance": 9.0}, "learner": {"stop_at_success": 2}}
    *_, last = train_locally(settings_of(**more), folder=tmp_path)
    assert last.training.env_steps == 200
    assert json.loads((tmp_path / "summary.json").read_text())["ended_by_successes"] == 2


def test_one_that_is_closed_early_was_stopped_and_a_learner_goes_on_counting(tmp_path) -> None:
    training = train_locally(settings_of(), folder=tmp_path)
    next(training), next(training)
    training.close()
    assert not json.loads((tmp_path / "summary.json").read_text())["finished"]
    run, received = TrainingRun(TrainingLoop(settings_of())), Received()
    received.restore(*run.resume(tmp_path / "checkpoint"))
    while run.work() and run.recalling:
        pass
    assert run.training.env_steps == received.steps.total == 40
    assert received.transitions.received == run.training.replay.added == 40
    with pytest.raises(RunFolderError, match="holds a run that was stopped"):
        next(train_locally(settings_of(), folder=tmp_path))


def test_a_finished_one_goes_on_under_other_settings(tmp_path) -> None:
    *_, before = train_locally(settings_of(), folder=tmp_path / "first")
    callback = Taking()
    longer = settings_of(learner={"robot_minutes": 0.3}, task={"action_weight": 0.05})
    resumed = train_locally(longer, None, tmp_path / "second", callback, tmp_path / "first" / "checkpoint")
    *_, after = resumed
    assert before.training.env_steps == 240 and after.training.env_steps == 360
    assert callback.steps[-1] == 120, "its robot's steps are counted on, not over again"
    assert after.training.replay.added == 360 and after.training.rounds == before.training.rounds + 120
    assert [(steps, final) for steps, final, _ in callback.evaluations] == [(300, False), (360, True)]
    summary = json.loads((tmp_path / "second" / "summary.json").read_text())
    assert summary["finished"] and summary["transitions"] == 360 and not summary["dropped_transitions"]
    assert [point["env_steps"] for point in summary["curve"]][:2] == [100, 200], "its curve is that of both"
    third = train_locally(
        settings_of(learner={"robot_minutes": 0.4}), None, tmp_path / "third", None, tmp_path / "second" / "checkpoint"
    )
    *_, last = third
    assert last.training.env_steps == 480


def test_one_that_cannot_go_on_leaves_its_folder_to_another_try(tmp_path) -> None:
    *_, _ = train_locally(settings_of(), folder=tmp_path / "first")
    longer, second = settings_of(learner={"robot_minutes": 0.3}), tmp_path / "second"
    with pytest.raises(RunFolderError):
        next(train_locally(longer, folder=second, resume=tmp_path / "first" / "chekpoint"))
    assert not (second / "config.yaml").exists() and not (second / "summary.json").exists()
    *_, after = train_locally(longer, folder=second, resume=tmp_path / "first" / "checkpoint")
    assert after.training.env_steps == 360


def test_what_goes_on_takes_a_folder(tmp_path) -> None:
    with pytest.raises(ConfigError, match="folder="):
        next(train_locally(settings_of(), resume=tmp_path))


def test_an_agent_that_learns_from_a_log_leaves_a_folder(tmp_path) -> None:
    *_, _ = train_locally(settings_of(), folder=tmp_path / "first")
    agent = {"name": "bc", "log": str(tmp_path / "first"), "updates": 20, "hidden": 16}
    cloning = load_settings("mock_point", overrides=[{"agent": agent}, {"evaluator": SHORT["evaluator"]}])
    callback = Taking()
    (last,) = train_locally(cloning, folder=tmp_path / "second", callback=callback)
    assert last.training.updates == 20 and [final for _, final, _ in callback.evaluations] == [True]
    assert json.loads((tmp_path / "second" / "summary.json").read_text())["updates"] == 20


def test_the_example_of_the_docs_runs(monkeypatch, tmp_path, capsys) -> None:
    page = (Path(__file__).parents[2] / "docs" / "comparing_runs.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    load = loading.load_settings

    def tiny(task: str, overrides: Any) -> Any:
        load(task, overrides=overrides)  # what the page asks for is valid
        return settings_of(task={"success_distance": 9.0})

    monkeypatch.setattr(loading, "load_settings", tiny)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "comparing_runs.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and all(re.fullmatch(r"0\.08 min: return -?\d+\.\d, 100%", line) for line in lines)
    assert (tmp_path / "runs" / "arm" / "summary.json").is_file()
