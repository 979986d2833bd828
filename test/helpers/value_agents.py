# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Layouts without a robot, random samples and checks that several value-based agents are tested with."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ros_rl.agents.common.samples import Samples
from ros_rl.agents.factory import make_agent
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition

SIZE, ACTIONS = 3, 2


def plain_layout(choices: int = 0, size: int = SIZE, actions: int = ACTIONS) -> Layout:
    """One field of observations, no memory of actions."""
    fields = [
        Field("observation", (size,), "1", 1.0, "state"),
        Field(LAST_ACTION, (0,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (0,), "1", 1.0, "action"),
    ]
    names = ["choice"] if choices else [f"u{i}" for i in range(actions)]
    return Layout("toy", names, fields, 0, choices)


def settings_of(name: str, learner: dict[str, Any] | None = None, **agent: Any) -> Settings:
    small = {"batch_size": 8, "warmup_steps": 20, "updates_per_step": 1.0, "robot_minutes": 0.05, "publish_every": 5}
    overrides = {"agent": {"name": name, "hidden": 8, **agent}, "learner": small | (learner or {})}
    task = {"name": "gym"} if name == "dqn" else {"name": "mock_point", "episode_seconds": 1.0}
    return load_settings(None if name == "dqn" else "mock_point", overrides=[overrides, {"task": task}])


def agent_of(layout: Layout, name: str, **agent: Any) -> Any:
    torch.manual_seed(0)
    return make_agent(layout, settings_of(name, **agent))


def random_samples(layout: Layout, batch: int = 6, seed: int = 1) -> Samples:
    """Random tensors; the first transition terminated, discounts and weights differ."""
    g = torch.Generator().manual_seed(seed)
    action = 2.0 * torch.rand(batch, layout.action_size, generator=g) - 1.0
    if layout.choices:
        action = torch.randint(layout.choices, (batch, 1), generator=g).float()
    terminated = torch.zeros(batch)
    terminated[0] = 1.0
    return Samples(
        torch.randn(batch, layout.size, generator=g),
        action,
        torch.randn(batch, generator=g),
        torch.randn(batch, layout.size, generator=g),
        terminated,
        0.9 + 0.1 * torch.rand(batch, generator=g),
        0.5 + torch.rand(batch, generator=g),
        (torch.arange(batch) % 2).float(),
    )


def fill(training: TrainingLoop, count: int, seed: int = 2) -> None:
    """Random transitions into the replay buffer."""
    rng, layout = np.random.default_rng(seed), training.spec
    for k in range(count):
        action = rng.uniform(-1, 1, layout.action_size)
        if layout.choices:
            action = rng.integers(layout.choices, size=1).astype(float)
        before, after = rng.normal(size=(2, layout.size))
        training.add(Transition(k, 0, before, action, float(rng.uniform()), after, bool(rng.random() < 0.1), False))
    training.note_steps(training.total_steps)


def largest_difference(graph: ControlGraph, exported: ExportedGraph, explore: float, cases: int = 30) -> float:
    """Between the actions of torch and of onnxruntime, with the same random inputs."""
    onnx, rng, worst = OnnxGraph(exported.serialise({})), np.random.default_rng(3), 0.0
    fields = [f for f in graph.spec.fields if f.size]
    carry = torch.tensor(graph.carry)
    for _ in range(cases):
        values = {f.name: rng.normal(size=f.size).astype(np.float32) for f in fields}
        noise = rng.normal(size=graph.noise_shape).astype(np.float32)
        with torch.no_grad():
            observation = torch.cat([torch.from_numpy(value) for value in values.values()])
            expected = graph.act(observation, carry, torch.from_numpy(noise), torch.tensor([explore]))
        found = onnx.run(values, carry.numpy(), noise, explore)
        worst = max(worst, float(np.abs(found.action - expected[0].numpy()).max()))
        carry = expected[1]
        assert np.allclose(found.carry, carry)
    return worst


def check_resume(settings: Settings, layout: Layout, folder: Path) -> None:
    """Five updates, a checkpoint, five more: a training that resumes makes the same five."""
    first, second = TrainingLoop(settings, layout), TrainingLoop(settings, layout)
    fill(first, 40)
    for _ in range(5):
        first.train()
    first.checkpoint(folder)
    expected = [first.train() for _ in range(5)]
    second.resume(folder)
    assert second.updates == 5
    assert [second.train() for _ in range(5)] == expected

    ours, theirs = second.agent.graph.state_dict(), first.agent.graph.state_dict()
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=0, atol=0)
