# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the learner owes the loop: pace, graphs, checkpoints."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from kept import contents, learner_state, newest, write_state
from learners import random_transition, small_settings
from onnx import numpy_helper

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, GraphError, RunFolderError
from ros_rl.networks.optimisers import step
from ros_rl.runs.durable import ChecksummedFile
from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop

POLICY = {"agent": {"act": "policy", "model_start": 25, "planner_start": 30}}
"""The policy's graph is exported in a moment; learning is the same."""


def training_of(*overrides: dict[str, Any], task: str = "mock_point") -> TrainingLoop:
    return TrainingLoop(small_settings(task, POLICY, *overrides))


def random_training() -> TrainingLoop:
    return TrainingLoop(load_settings("mock_point", overrides=[{"agent": {"name": "random"}}]))


def fill(training: TrainingLoop, count: int, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for index in range(count):
        training.add(random_transition(training.spec, rng, index))


def rounds(training: TrainingLoop, count: int) -> list[dict[str, float]]:
    return [training.train() for _ in range(count)]


def test_a_round_is_due_for_every_step_after_the_warm_up() -> None:
    training = training_of({"learner": {"warmup_steps": 20}})
    fill(training, 15)
    for steps, due in ((0, 0), (20, 0), (21, 1), (24, 3), (24, 0), (10, 0), (26, 2)):
        training.note_steps(steps)
        done = 0
        while training.train_due:
            training.train()
            done += 1
        assert done == due
    assert training.rounds == 6 and training.env_steps == 26


def test_nothing_is_due_without_data() -> None:
    training = training_of()
    training.note_steps(1000)
    assert not training.train_due
    fill(training, 16)
    assert training.train_due


def test_a_warm_up_of_one_step_waits_for_data() -> None:
    training = training_of({"learner": {"warmup_steps": 1}})
    training.note_steps(5)
    assert not training.train_due
    fill(training, 1)
    assert training.train_due


def test_acting_stays_within_what_was_learned() -> None:
    training = training_of({"learner": {"warmup_steps": 20, "slack_steps": 7, "robot_minutes": 0.05}})
    assert training.total_steps == 60
    assert training.allowance == 27
    fill(training, 30)
    training.note_steps(27)
    while training.train_due:
        training.train()
    assert training.allowance == 20 + 7 + 7
    training.note_steps(60)
    while training.train_due:
        assert not training.done
        training.train()
    assert training.allowance == 60 and training.done


def test_random_agents_have_nothing_to_wait_for() -> None:
    training = random_training()
    assert training.allowance == training.total_steps
    training.note_steps(10**6)
    assert not training.train_due and training.done and training.updates == 0
    assert training.graph_due
    training.graph()
    assert not training.graph_due


def test_graphs_go_out_random_first_then_learned_every_few_rounds() -> None:
    training = training_of({"learner": {"publish_every": 4}})
    fill(training, 30)
    out = []
    for round_ in range(10):
        if training.graph_due:
            out.append((round_, OnnxGraph(training.graph()).contract))
        training.train()
    assert [round_ for round_, _ in out] == [0, 1, 5, 9]
    assert [contract.provenance["version"] for _, contract in out] == [0, 1, 2, 3]
    assert [contract.random for _, contract in out] == [True, False, False, False]
    assert out[0][1].telemetry == {} and "predicted_state" in out[1][1].telemetry


def test_graphs_are_the_same_whether_they_were_exported_before_or_are_when_they_are_due() -> None:
    graphs = []
    for before in (True, False):
        training = training_of()
        if before:
            training.prepare_graphs()
        fill(training, 40)
        graphs.append([training.graph(), training.train() and training.graph()])
    for pair in zip(*graphs, strict=True):
        first, second = (onnx.load_from_string(graph).graph for graph in pair)
        assert list(first.node) == list(second.node)
        weights, same = ({item.name: numpy_helper.to_array(item) for item in g.initializer} for g in (first, second))
        assert weights.keys() == same.keys()
        for name, value in weights.items():  # a product's last bit depends on where its factors stand in memory
            np.testing.assert_allclose(value, same[name], rtol=1e-4, atol=1e-5)


def test_a_transition_that_is_not_finite_is_refused() -> None:
    training = training_of()
    with pytest.raises(ConfigError, match="not finite"):
        training.add(random_transition(training.spec, np.random.default_rng(0), reward=float("nan")))
    assert len(training.replay) == 0


def test_same_seed_same_learning() -> None:
    results = []
    for seed in (0, 0, 1):
        training = training_of({"seed": seed})
        fill(training, 40)
        results.append(rounds(training, 5))
    assert results[0] == results[1] != results[2]


def test_resume_continues_bit_by_bit(tmp_path: Path) -> None:
    overrides = {"learner": {"updates_per_step": 1.5}, "agent": {"model": {"updates_per_step": 0.5}}}
    training = training_of(overrides)
    fill(training, 40)
    training.note_steps(200)
    rounds(training, 9)
    training.graph()
    training.checkpoint(tmp_path)
    torch.manual_seed(99)
    resumed = training_of(overrides, {"learner": {"updates_per_step": 1.5}})
    rounds_before = resumed.rounds
    resumed.resume(tmp_path)
    assert rounds_before == 0 and resumed.rounds == 9 and resumed.env_steps == 200
    assert resumed.updates == training.updates > 0
    assert resumed.graph_due, "who resumes has to give the controller a graph"
    state = torch.get_rng_state()  # as the checkpoint left it; the first learner goes on from the same
    after = rounds(resumed, 8)
    torch.set_rng_state(state)
    assert after == rounds(training, 8)
    ours, theirs = training.agent.state_dict(), resumed.agent.state_dict()
    for name in ("model", "policy", "critics", "targets"):
        assert all(torch.equal(ours[name][key], theirs[name][key]) for key in ours[name])
    assert torch.equal(ours["log_alpha"], theirs["log_alpha"])
    assert OnnxGraph(resumed.graph()).contract.provenance["version"] == 1


def test_a_checkpoint_replaces_the_last_one_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = training_of()
    fill(training, 40)
    rounds(training, 2)
    training.checkpoint(tmp_path)
    before = contents(tmp_path)
    names = ("learner.safetensors", "manifest.json", "replay.safetensors", "so_far.json")
    assert sorted(before) == [f"00001_at_0/{name}" for name in names]
    rounds(training, 2)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    for where, what in (("replace", "os"), ("fsync", "os"), ("write", "file")):
        with monkeypatch.context() as patch:
            patch.setattr(*((os, where) if what == "os" else (ChecksummedFile, where)), full)
            with pytest.raises(OSError, match="no space"):
                training.checkpoint(tmp_path)
        assert contents(tmp_path) == before, where


def test_resume_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="holds no checkpoint"):
        random_training().resume(tmp_path)


@pytest.mark.parametrize("broken", ["learner.safetensors", "manifest.json", "replay.safetensors", "so_far.json"])
@pytest.mark.parametrize("how", ["empty", "cut", "flipped", "gone"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_used(
    tmp_path: Path, broken: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    training = random_training()
    for steps in (3, 5):
        fill(training, steps)
        training.note_steps(steps)
        training.checkpoint(tmp_path)
    file = newest(tmp_path) / broken
    whole = file.read_bytes()
    place = int(np.random.default_rng().integers(len(whole)))
    flipped = whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :]
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "flipped": flipped}[how])
    resumed = random_training()
    resumed.resume(tmp_path)
    assert (resumed.env_steps, len(resumed.replay)) == (3, 3), f"byte {place}"
    assert "damaged checkpoint 00002_at_5: " in caplog.text and broken in caplog.text
    (tmp_path / "00001_at_3" / broken).write_bytes(b"")
    with pytest.raises(RunFolderError, match=r"holds no whole checkpoint: 00002_at_5: .*; 00001_at_3: "):
        random_training().resume(tmp_path)


def test_an_earlier_versions_checkpoint_is_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "learner.pt").write_bytes(b"PK")
    with pytest.raises(RunFolderError, match=r"is of an earlier version \(learner.pt\) and not read any more: train"):
        random_training().resume(tmp_path)


def test_resume_refuses_another_agent(tmp_path: Path) -> None:
    random_training().checkpoint(tmp_path / "random")
    training = training_of()
    training.checkpoint(tmp_path / "mpc")
    with pytest.raises(RunFolderError, match="another agent"):
        training.resume(tmp_path / "random")
    with pytest.raises(RunFolderError, match="another agent"):
        random_training().resume(tmp_path / "mpc")
    wider = training_of({"agent": {"hidden": 24}})
    with pytest.raises(RunFolderError, match="does not fit this agent: agent.hidden was 16, this run's is 24"):
        wider.resume(tmp_path / "mpc")
    deeper = training_of({"agent": {"model": {"hidden": 24}}})
    with pytest.raises(RunFolderError, match="does not fit this agent: .*size mismatch"):
        deeper.resume(tmp_path / "mpc")


@pytest.mark.parametrize(
    ("name", "before", "after", "complaint"),
    [
        ("qt_opt", {"loss": "squared"}, {"loss": "cross_entropy"}, "loss was squared, this run's is cross_entropy"),
        ("reinforce", {"baseline": "q"}, {"baseline": "none"}, "baseline was q, this run's is none"),
        ("sac", {"targets": "none"}, {"targets": "polyak"}, "targets was none, this run's is polyak"),
        ("sac", {"policy_hidden": 8}, {}, "policy_hidden was 8, this run's is 0"),
        ("sac", {"dropout": 0.1}, {}, "dropout was 0.1, this run's is 0.0"),
        ("sac", {}, {"policy_tau": 0.1}, "it holds no 'acting_policy'"),
    ],
)
def test_resume_refuses_weights_that_meant_something_else(tmp_path, name, before, after, complaint) -> None:
    training_as(name, before).checkpoint(tmp_path)
    with pytest.raises(RunFolderError, match=f"does not fit this agent: .*{complaint}"):
        training_as(name, after).resume(tmp_path)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("sac", {"targets": "hard"}, {"targets": "polyak"}),
        ("sac", {"policy_hidden": 16}, {}),
        ("sac", {"dropout": 0.1}, {"dropout": 0.2}),
        ("sac", {"tau": 0.005}, {"tau": 0.001}),
    ],
)
def test_resume_takes_what_changes_no_meaning(tmp_path, name, before, after) -> None:
    training_as(name, before).checkpoint(tmp_path)
    training_as(name, after).resume(tmp_path)


def test_resume_reads_a_checkpoint_with_settings_that_are_no_more(tmp_path) -> None:
    """Earlier versions had settings without effect, such as the averaging of targets that are copies."""
    training_as("td7", {}).checkpoint(tmp_path)
    state = learner_state(tmp_path)
    state["settings"] |= {"tau": 0.005, "polyak_every": 2, "targets": "hard", "normalisation": "none", "dropout": 0.0}
    write_state(tmp_path, state)
    training_as("td7", {}).resume(tmp_path)
    state["settings"]["critics"] = 3
    write_state(tmp_path, state)
    with pytest.raises(RunFolderError, match=r"agent\.critics was 3, this run's is 2"):
        training_as("td7", {}).resume(tmp_path)


def test_resume_takes_settings_that_were_none_yet_for_what_they_were(tmp_path) -> None:
    training_as("sac", {}).checkpoint(tmp_path)
    state = learner_state(tmp_path)
    del state["settings"]["loss"], state["settings"]["critics"]
    write_state(tmp_path, state)
    training_as("sac", {}).resume(tmp_path)
    with pytest.raises(RunFolderError, match=r"agent\.critics was 2, this run's is 3"):
        training_as("sac", {"critics": 3}).resume(tmp_path)


def test_resume_counts_rounds_from_the_end_of_its_own_warm_up(tmp_path: Path) -> None:
    training = training_of({"learner": {"warmup_steps": 20}})
    fill(training, 40)
    training.note_steps(40)
    rounds(training, 20)
    assert not training.train_due
    training.checkpoint(tmp_path)
    for warmup in (5, 35):
        resumed = training_of({"learner": {"warmup_steps": warmup}})
        resumed.resume(tmp_path)
        assert resumed.warmup == 20 and not resumed.train_due
        resumed.note_steps(41)
        assert resumed.train_due


def training_as(name: str, agent: dict[str, Any]) -> TrainingLoop:
    own = {"agent": {"name": name, "hidden": 16, **agent}, "learner": {"warmup_steps": 20}}
    return TrainingLoop(load_settings("mock_point", overrides=[own]))


def test_resume_goes_on_at_the_new_rates(tmp_path: Path) -> None:
    training = training_of()
    fill(training, 40)
    rounds(training, 2)
    training.checkpoint(tmp_path)
    slower = training_of({"agent": {"learning_rate": 1e-6, "model": {"learning_rate": 1e-7}}})
    slower.resume(tmp_path)
    networks = {name: slower.agent.parts()[name] for name in ("critics", "model")}
    before = {part: [p.clone() for p in network.parameters()] for part, network in networks.items()}
    fill(slower, 40)
    rounds(slower, 1)
    for part, rate in (("critics", 1e-6), ("model", 1e-7)):
        pairs = zip(before[part], networks[part].parameters(), strict=True)
        assert 0.0 < max(float((a - b).detach().abs().max()) for a, b in pairs) < 200 * rate


def test_weights_that_are_not_finite_do_not_replace_a_checkpoint(tmp_path: Path) -> None:
    training = training_as("sac", {})
    training.checkpoint(tmp_path)
    before = contents(tmp_path)
    with torch.no_grad():
        next(training.agent.critics.online.parameters()).fill_(math.nan)
    with pytest.raises(GraphError, match="'critics' is not finite, no checkpoint is written"):
        training.checkpoint(tmp_path)
    assert contents(tmp_path) == before


def test_moments_that_are_not_finite_do_not_replace_a_checkpoint(tmp_path: Path) -> None:
    training = training_as("sac", {})
    weight = next(training.agent.critics.online.parameters())
    step(training.agent.critics.optimiser, 1e30 * weight.sum())  # whose square is beyond float32
    assert torch.isfinite(weight).all()
    with pytest.raises(GraphError, match="'critic_optimiser' is not finite"):
        training.checkpoint(tmp_path)
    assert not contents(tmp_path)


def test_a_warm_up_that_leaves_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ConfigError, match="learner.warmup_steps 300 leaves none of 300 environment steps"):
        training_of({"learner": {"warmup_steps": 300, "steps": 300}})
    training_of({"learner": {"warmup_steps": 299, "steps": 300}})


def test_resume_refuses_another_task_and_a_smaller_buffer_takes_the_newest(tmp_path: Path) -> None:
    training = random_training()
    fill(training, 150)
    training.checkpoint(tmp_path)
    other = TrainingLoop(load_settings("xarm_reach", overrides=[{"agent": {"name": "random"}}]))
    with pytest.raises(RunFolderError, match="values"):
        other.resume(tmp_path)
    small = {"agent": {"name": "random"}, "learner": {"replay_capacity": 100}}
    smaller = TrainingLoop(load_settings("mock_point", overrides=[small]))
    smaller.resume(tmp_path)
    assert len(smaller.replay) == 100 and smaller.env_steps == training.env_steps
    assert np.array_equal(smaller.replay.at(np.arange(100)).reward, training.replay.at(np.arange(50, 150)).reward)


def test_replay_is_made_from_the_settings() -> None:
    chosen = {"priority": "td_error", "alpha": 0.5, "n_step": 3}
    settings = load_settings("mock_point", overrides=[{"agent": {"name": "random"}, "learner": {"replay": chosen}}])
    replay = TrainingLoop(settings).replay
    assert replay.settings == settings.learner.replay and replay.settings.n_step == 3
    assert training_of({"agent": {"gamma": 0.9}}).replay.gamma == 0.9
