# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""`reinforce` and `actor_critic` in the loop: exported, trained in one process, resumed, for every robot task."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from learners import random_transition

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, RunFolderError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.settings.tree import Settings
from ros_rl.tasks import TASKS
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop

AGENTS: dict[str, dict[str, Any]] = {
    "reinforce": {"name": "reinforce"},
    "actor_critic": {"name": "actor_critic"},
    "online": {"name": "actor_critic", "batch": "online", "epochs": 1},
    "replayed": {"name": "actor_critic", "data": "off_policy", "gradient": "pathwise", "batch": "online"},
}


def settings_of(variant: str, task: str = "mock_point", **more: Any) -> Settings:
    small = {
        "agent": {"hidden": 16, **AGENTS[variant]},
        "learner": {"batch_size": 16, "warmup_steps": 20, "updates_per_step": 0.5, "robot_minutes": 0.2},
    }
    if task == "mock_point":
        small["task"] = {"episode_seconds": 1.0}
    return load_settings(task, overrides=[small, more])


@pytest.mark.parametrize("task", [name for name in sorted(TASKS) if not load_settings(name).control.commands.discrete])
@pytest.mark.parametrize("agent", ["reinforce", "actor_critic"])
def test_every_task_gets_a_graph_that_does_as_torch_does(agent: str, task: str) -> None:
    training = TrainingLoop(settings_of(agent, task))
    training.rounds = 1
    graph, rng = OnnxGraph(training.graph()), np.random.default_rng(0)
    fields = {f.name: f.size for f in training.spec.fields if f.size}
    for explore in (0.0, 1.0, 1.0):
        values = {name: rng.uniform(-1, 1, size).astype(np.float32) for name, size in fields.items()}
        noise = rng.normal(size=training.spec.action_size).astype(np.float32)
        found = graph.run(values, np.zeros(0, np.float32), noise, explore).action
        with torch.no_grad():
            inputs = [torch.from_numpy(value) for value in (*values.values(), np.zeros(0, np.float32), noise)]
            expected = training.agent.graph(*inputs, torch.tensor([explore]))[0].numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
        assert np.abs(found).max() <= 1.0


@pytest.mark.parametrize("agent", AGENTS)
def test_trains_in_one_process(agent: str) -> None:
    progress = list(train_locally(settings_of(agent)))[-1]
    training = progress.training
    assert training.updates > 0 and progress.losses is not None
    before = TrainingLoop(settings_of(agent)).agent
    assert before is not None
    moved = zip(training.agent.graph.parameters(), before.graph.parameters(), strict=True)
    assert any(float((new - old).abs().max().detach()) > 1e-3 for new, old in moved)
    assert all(bool(torch.isfinite(parameter).all()) for parameter in training.agent.graph.parameters())


def fed(training: TrainingLoop, start: int, count: int) -> None:
    """Random transitions in episodes of five steps, and a round after each."""
    for index in range(start, start + count):
        rng = np.random.default_rng(index)
        changes = {"episode": index // 5, "terminated": index % 5 == 4, "truncated": False}
        training.add(random_transition(training.spec, rng, index, **changes))
        training.train()


@pytest.mark.parametrize("agent", AGENTS)
def test_a_resumed_training_goes_on_as_if_it_had_not_stopped(agent: str, tmp_path: Path) -> None:
    whole = TrainingLoop(settings_of(agent))
    fed(whole, 0, 38)
    whole.checkpoint(tmp_path)
    fed(whole, 38, 30)
    again = TrainingLoop(settings_of(agent))
    again.resume(tmp_path)
    assert again.updates > 0
    fed(again, 38, 30)
    assert again.updates == whole.updates
    for found, expected in zip(again.agent.graph.parameters(), whole.agent.graph.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_a_checkpoint_of_another_agent_is_refused(tmp_path: Path) -> None:
    training = TrainingLoop(settings_of("reinforce"))
    fed(training, 0, 1)
    training.checkpoint(tmp_path)
    with pytest.raises(RunFolderError, match=r"checkpoint of another agent \(reinforce\)"):
        TrainingLoop(settings_of("actor_critic")).resume(tmp_path)


@pytest.mark.parametrize("warmup", range(17, 25))
@pytest.mark.parametrize("agent", ["reinforce", "actor_critic"])
def test_smallest_buffer_that_settings_allow_is_enough(agent: str, warmup: int) -> None:
    """13 episodes of 8 steps, and what is left of the one that ran when learning began."""
    settings = with_overrides(settings_of(agent), agent={"episodes": 13, "epochs": 1})
    training, rng = TrainingLoop(settings), np.random.default_rng(0)
    learner, replay = training.agent, ReplayBuffer(14 * 8, training.spec.size, training.spec.action_size)
    assert learner is not None
    for index in range(400):
        replay.add(random_transition(training.spec, rng, index, episode=index // 8, terminated=index % 8 == 7))
        if index >= warmup:
            learner.train(replay, index)
    assert learner.updates > 0


def test_buffer_that_never_holds_enough_episodes_is_refused() -> None:
    training = TrainingLoop(settings_of("reinforce"))
    agent, replay = training.agent, ReplayBuffer(6, training.spec.size, training.spec.action_size)
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="learner.replay_capacity 6 does not hold .* whole episodes"):
        for index in range(40):
            changes = {"episode": index // 5, "terminated": index % 5 == 4, "truncated": False}
            replay.add(random_transition(training.spec, rng, index, **changes))
            agent.train(replay, index + 1)
    assert agent.updates == 0
