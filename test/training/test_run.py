# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The loop around a training: what is due when, what it leaves, and what its owner is told."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from kept import contents, newest
from learners import random_transition

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import GraphError
from ros_rl.runs.evaluations import append_evaluation
from ros_rl.runs.summary import WATCH
from ros_rl.settings.loading import load_settings
from ros_rl.training.run import TrainingRun
from ros_rl.training.training_loop import TrainingLoop

STEPS = 60


class Owner:
    """Takes down what it is told."""

    def __init__(self, agent: str = "sac", publishes: bool = True, **overrides: Any) -> None:
        small = {
            "learner": {"steps": STEPS, "warmup_steps": 20, "publish_every": 15, "checkpoint_every": 25},
            "evaluator": {"every": 20},
        }
        self.settings = load_settings("mock_point", overrides=[f"agent.name={agent}", small, overrides], preset="debug")
        self.training = TrainingLoop(self.settings)
        self.graphs: list[tuple[int, int]] = []
        self.evaluations: list[tuple[int, bool]] = []
        self.checkpoints: list[int] = []
        self.refused: list[GraphError] = []
        self.run = TrainingRun(
            self.training, self.publish if publishes else None, self.evaluate, self.about, self.refused.append
        )
        self.rng = np.random.default_rng(0)

    @property
    def now(self) -> int:
        return self.training.env_steps

    def publish(self, graph: bytes) -> None:
        assert OnnxGraph(graph).contract.provenance["version"] == self.training.version
        self.graphs.append((self.now, self.training.rounds))

    def evaluate(self, final: bool) -> None:
        self.evaluations.append((self.now, final))

    def about(self) -> int:
        self.checkpoints.append(self.now)
        return self.now

    def step(self) -> None:
        self.run.note_steps(self.now + 1)
        terminated = self.now % 10 == 0
        transition = random_transition(self.training.spec, self.rng, self.now, terminated=terminated, reward=-1.0)
        self.run.add(transition, {"speed": 2.0})
        while self.run.work():
            pass
        self.run.keep_up()

    def finish(self) -> None:
        while not self.run.done:
            self.step()
        self.run.finish()
        self.run.close()


def test_everything_is_done_when_it_is_due(tmp_path) -> None:
    owner = Owner()
    owner.run.begin(tmp_path)
    owner.finish()
    # random at first, then the first learned one, every 15 rounds, and the last
    assert owner.graphs == [(1, 0), (21, 1), (36, 16), (51, 31), (STEPS, STEPS - 20)]
    assert owner.evaluations == [(20, False), (40, False), (STEPS, True)], "the one at the end is the final one"
    assert owner.checkpoints == [20, 25, 40, 50, STEPS], "what is judged is kept, too"
    assert owner.run.finished and not owner.refused
    assert (tmp_path / "agent.onnx").read_bytes() == owner.run.graph
    assert {path.name for path in tmp_path.iterdir()} == {"agent.onnx", "checkpoint", "tensorboard"}


def test_the_end_is_judged_once_even_if_its_updates_are_still_due() -> None:
    owner = Owner()
    for index in range(STEPS):
        owner.run.add(random_transition(owner.training.spec, owner.rng, index), {})
    owner.training.note_steps(STEPS)
    assert not owner.training.done
    owner.run.keep_up()
    owner.run.finish()
    assert owner.evaluations == [(STEPS, True)]


def test_where_nobody_acts_by_graphs_only_the_last_is_made(tmp_path) -> None:
    owner = Owner(publishes=False)
    owner.run.begin(tmp_path)
    owner.finish()
    assert owner.training.version == 0
    assert OnnxGraph((tmp_path / "agent.onnx").read_bytes()).contract.provenance["env_steps"] == STEPS


def test_without_a_folder_it_leaves_nothing_and_still_trains(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    owner = Owner()
    owner.finish()
    assert owner.training.rounds == STEPS - 20 and not owner.checkpoints
    assert owner.evaluations[-1] == (STEPS, True) and list(tmp_path.iterdir()) == []


def interrupted(folder) -> None:
    """A run that ends after 45 steps; it has asked for evaluations at 20 and at 40."""
    first = Owner()
    first.run.begin(folder)
    for _ in range(45):
        first.step()
    first.run.checkpoint()
    assert first.evaluations == [(20, False), (40, False)]


def test_an_evaluation_that_a_run_did_not_live_to_see_is_asked_for_again(tmp_path) -> None:
    interrupted(tmp_path)
    append_evaluation(tmp_path, {"env_steps": 20, "final": False})
    second = Owner()
    second.run.resume(tmp_path / "checkpoint")
    second.run.begin(tmp_path)
    second.finish()
    assert second.evaluations == [(46, False), (STEPS, True)]


def test_a_resumed_run_repeats_nothing(tmp_path) -> None:
    interrupted(tmp_path)
    for steps in (20, 40):
        append_evaluation(tmp_path, {"env_steps": steps, "final": False})
    second = Owner()
    assert second.run.resume(tmp_path / "checkpoint") == (45, [])
    second.run.begin(tmp_path)
    second.finish()
    assert second.evaluations == [(STEPS, True)] and second.checkpoints == [50, STEPS]
    assert second.training.rounds == STEPS - 20


def test_a_report_counts_what_happened() -> None:
    owner = Owner()
    for _ in range(30):
        owner.step()
    report = owner.run.report(transitions=7.0, extra=1.0)
    assert (report["env_steps"], report["updates"], report["version"]) == (30, owner.training.updates, 1)
    assert (report["episodes"], report["terminations"]) == (3, 3)
    assert report["episode_return"] == -10.0 and report["speed"] == 2.0
    assert (report["transitions"], report["extra"]) == (7.0, 1.0)
    assert f"{WATCH}q_largest" in report
    assert owner.run.report()["transitions"] == 30, "what is stored, where nothing else is said"
    assert not owner.run.reports.due(60.0) and owner.run.reports.due(0.0)


def test_what_is_not_finite_is_told_and_replaces_nothing(tmp_path) -> None:
    owner = Owner()
    owner.run.begin(tmp_path)
    for _ in range(30):
        owner.step()
    good, kept = owner.run.graph, contents(newest(tmp_path / "checkpoint"))
    with torch.no_grad():
        for parameter in owner.training.agent.graph.parameters():
            parameter.fill_(np.nan)
    owner.run.checkpoint()
    owner.run.finish()
    assert owner.refused and all(isinstance(error, GraphError) for error in owner.refused)
    assert owner.run.graph == good == (tmp_path / "agent.onnx").read_bytes()
    assert contents(newest(tmp_path / "checkpoint")) == kept


def test_without_anybody_to_tell_it_is_raised(tmp_path) -> None:
    run = TrainingRun(Owner().training)
    run.begin(tmp_path)
    run.training.rounds = 1
    with torch.no_grad():
        next(run.training.agent.graph.parameters()).fill_(np.inf)
    with pytest.raises(GraphError, match="not finite"):
        run.finish()


def test_the_curves_hold_numbers_by_environment_step(tmp_path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    owner = Owner()
    owner.run.begin(tmp_path)
    for _ in range(25):
        owner.step()
    owner.run.report()
    owner.run.note_evaluation(json.loads('{"return_mean": 3.5, "no_video": "why", "plan_ms": {"p50": 1}}'), 20)
    owner.run.close()
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("evaluation/return_mean")] == [(20, 3.5)]
    assert [(e.step, e.value) for e in events.Scalars("train/env_steps")] == [(25, 25.0)]
    groups = {tag.partition("/")[0] for tag in events.Tags()["scalars"]}
    assert groups == {"evaluation", "train", "loss", "watch"}
    assert not [tag for tag in events.Tags()["scalars"] if tag.startswith("evaluation/") and tag[11:] != "return_mean"]
