# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Behaviour cloning: what is taken from a log, and what the policy makes of it, without robot time."""

import shutil

import numpy as np
import pytest
import torch
from kept import newest, save_replay
from learners import random_transition, spec_of
from model_based import agent_of, assert_parity, assert_steps_down, settings_of

from ros_rl.errors import ConfigError, RunFolderError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runs.checkpoints import REPLAY
from ros_rl.runs.run_folder import CHECKPOINT, RunFolder
from ros_rl.training.earlier_log import take_log
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop

pytestmark = pytest.mark.usefixtures("seeded")
GAIN = np.array([[-0.5, 0.2], [0.1, -0.4], [-0.2, 0.0], [0.0, -0.1]])
"""Action of whoever made the log: the state times this."""


def linear_log(folder, count: int = 600, capacity: int = 1000):
    """A run folder as a run leaves it, whose actions are linear in the state."""
    settings = settings_of({"name": "random"}, "mock_point", {"learner": {"replay_capacity": capacity}})
    spec, rng = spec_of(settings), np.random.default_rng(0)
    replay = ReplayBuffer(capacity, spec.size, spec.action_size)
    for index in range(count):
        observation = rng.uniform(-1, 1, spec.size)
        replay.add(random_transition(spec, rng, index, observation=observation, action=observation[:4] @ GAIN))
    RunFolder(folder).write_config(settings)
    save_replay(folder / CHECKPOINT, replay)
    return folder


def cloning(log, *overrides, **agent):
    agent = {"name": "bc", "hidden": 32, "log": str(log), "updates": 800, "learning_rate": 3e-3} | agent
    return settings_of(agent, "mock_point", *overrides, {"learner": {"batch_size": 64}})


@pytest.mark.parametrize("smoothing", [0.0, 0.4])
def test_recovers_a_linear_policy_without_robot_time(tmp_path, smoothing: float) -> None:
    (last,) = train_locally(cloning(linear_log(tmp_path / "run"), smoothing=smoothing))
    training = last.training
    assert (training.total_steps, training.env_steps, training.rounds, training.updates) == (0, 0, 800, 800)
    assert training.done and training.allowance == 0 and not training.train_due
    assert_parity(training.agent.graph, last.graph)
    rng, spec = np.random.default_rng(1), training.spec
    for _ in range(20):
        observation = rng.uniform(-1, 1, spec.size) * 0.8
        fields = {name: observation[part].astype(np.float32) for name, part in spec.slices.items()}
        found = last.graph.run(fields, np.zeros(0, np.float32), np.ones(2, np.float32), 1.0).action
        np.testing.assert_allclose(found, observation[:4] @ GAIN, atol=0.08)


def test_update_by_hand() -> None:
    agent = agent_of(settings_of({"name": "bc", "hidden": 8, "smoothing": 0.25, "learning_rate": 1e-2}))
    spec, rng = agent.layout, np.random.default_rng(0)
    replay = ReplayBuffer(100, spec.size, spec.action_size)
    for index in range(10):
        replay.add(random_transition(spec, rng, index))
    batch = replay.at(np.arange(10))
    obs = torch.from_numpy(batch.observation) * torch.tensor([1, 1, 0.1, 0.1, 1, 1, 1, 1])
    action = 0.75 * agent.policy(obs) + 0.25 * obs[:, 6:]
    loss = ((action - torch.from_numpy(batch.action)) ** 2).sum() / 20
    samples = agent.inputs.samples(batch)
    found = assert_steps_down(loss, agent.policy.parameters(), 1e-2, lambda: agent.imitate(samples))
    assert found == pytest.approx(loss.item(), rel=1e-4)


def test_log_keeps_its_order_also_from_a_full_ring(tmp_path) -> None:
    folder = linear_log(tmp_path / "run", count=250, capacity=100)
    settings = cloning(folder)
    spec, rng = spec_of(settings), np.random.default_rng(0)
    expected = []
    for index in range(250):
        expected.append(rng.uniform(-1, 1, spec.size))
        random_transition(spec, rng, index)
    for capacity, count in ((1000, 100), (40, 40)):
        replay = ReplayBuffer(capacity, spec.size, spec.action_size)
        take_log(replay, str(folder), settings, spec)
        found = replay.at(np.arange(len(replay)))
        np.testing.assert_allclose(found.observation, expected[-count:], atol=1e-6)
        np.testing.assert_allclose(found.action, found.observation[:, :4] @ GAIN, atol=1e-5)


def test_log_is_whole_after_a_move_to_a_larger_buffer(tmp_path) -> None:
    folder = linear_log(tmp_path / "run", count=130, capacity=100)
    larger = cloning(folder, {"learner": {"replay_capacity": 200}})
    spec, moved = spec_of(larger), ReplayBuffer(200, spec_of(larger).size, spec_of(larger).action_size)
    moved.load(newest(folder / CHECKPOINT) / REPLAY)
    save_replay(folder / CHECKPOINT, moved)
    RunFolder(folder).write_config(larger)
    replay = ReplayBuffer(1000, spec.size, spec.action_size)
    take_log(replay, str(folder), larger, spec)
    found = replay.at(np.arange(len(replay)))
    assert len(replay) == 100 and np.abs(found.observation).max(1).min() > 0.0
    np.testing.assert_allclose(found.action, found.observation[:, :4] @ GAIN, atol=1e-5)


def test_logs_that_do_not_fit_are_refused(tmp_path) -> None:
    folder = linear_log(tmp_path / "run")
    with pytest.raises(ConfigError, match="agent.log is '', allowed"):
        TrainingLoop(cloning(""))
    with pytest.raises(RunFolderError, match="holds no run"):
        TrainingLoop(cloning(tmp_path))
    with pytest.raises(ConfigError, match=r"agent.log .* control.delay 1, this run's is 2: use --set control.delay=1"):
        TrainingLoop(cloning(folder, {"control": {"delay": 2}}))
    with pytest.raises(
        ConfigError, match=r"agent.log .* control.rate_hz 20, this run's is 25: use --set control.rate_hz=20"
    ):
        TrainingLoop(cloning(folder, {"control": {"rate_hz": 25.0}}))
    (newest(folder / CHECKPOINT) / REPLAY).write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(RunFolderError, match=r"agent.log: .* holds no whole checkpoint: 00001_at_600: replay"):
        TrainingLoop(cloning(folder))
    shutil.rmtree(folder / CHECKPOINT)
    with pytest.raises(RunFolderError, match="holds no transitions"):
        TrainingLoop(cloning(folder))


def test_by_the_clock_nothing_acts_before_it_has_learned(tmp_path) -> None:
    training = TrainingLoop(cloning(linear_log(tmp_path / "run"), {"driver": {"mode": "real_time"}}, updates=3))
    for _ in range(3):
        assert training.train_due and not training.graph_due and not training.done
        training.train()
    assert training.graph_due and training.done and not training.train_due


def test_resumes(tmp_path) -> None:
    settings = cloning(linear_log(tmp_path / "run"), updates=20)
    training = TrainingLoop(settings)
    for _ in range(5):
        training.train()
    training.checkpoint(tmp_path / "checkpoint")
    again = TrainingLoop(settings)
    again.resume(tmp_path / "checkpoint")
    assert again.rounds == 5
    for _ in range(15):
        assert again.train() == training.train()
    assert again.done and not again.train_due
