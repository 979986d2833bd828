# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Small agents with a model on the mock robot, filled replay, and torch held against onnxruntime."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from learners import random_transition, spec_of
from torch import Tensor

from ros_rl.agents.factory import make_agent
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.features import ObservationSpec
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.local import Progress, train_locally
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition

T = TypeVar("T")
MODEL = {"members": 2, "hidden": 16, "updates_per_step": 0.5}
LEARNER = {"batch_size": 16, "warmup_steps": 20, "robot_minutes": 0.05, "publish_every": 10}


def settings_of(agent: Mapping[str, Any], task: str = "mock_point", *overrides: Mapping[str, Any]) -> Settings:
    driver = {"driver": {"backend": {"name": "mock" if task == "mock_point" else "pybullet"}}}
    short = {"task": {"episode_seconds": 1.0}, "learner": LEARNER}
    return load_settings(task, overrides=[driver, short, {"agent": agent}, *overrides])


def agent_of(settings: Settings) -> Any:
    torch.set_num_threads(1)
    return make_agent(spec_of(settings), settings)


def small_transitions(spec: ObservationSpec, count: int, seed: int = 0) -> Iterator[Transition]:
    """Random ones, so small that no mock episode ends with them."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        observations = 0.3 * rng.uniform(-1, 1, (2, spec.size))
        changes = {"observation": observations[0], "next_observation": observations[1], "terminated": False}
        yield random_transition(spec, rng, index, **changes)


def filled(spec: ObservationSpec, count: int = 60) -> ReplayBuffer:
    replay = ReplayBuffer(1000, spec.size, spec.action_size)
    for transition in small_transitions(spec, count):
        replay.add(transition)
    return replay


def assert_parity(graph: ControlGraph, exported: OnnxGraph, seed: int = 0) -> None:
    """Random observations, noise and carry through both."""
    rng, names = np.random.default_rng(seed), [item["name"] for item in exported.contract.fields]
    for explore in (0.0, 1.0):
        fields = [rng.uniform(-1, 1, f.size).astype(np.float32) for f in graph.spec.fields if f.size]
        noise, carry = rng.normal(size=graph.noise_shape), rng.integers(0, 2, len(graph.carry))
        got = exported.run(
            dict(zip(names, fields, strict=True)), carry.astype(np.float32), noise.astype(np.float32), explore
        )
        with torch.no_grad():
            values = (*fields, carry.astype(np.float32), noise.astype(np.float32), np.full(1, explore, np.float32))
            action, following, *_ = graph(*(torch.from_numpy(value) for value in values))
        np.testing.assert_allclose(got.action, action, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(got.carry, following, atol=1e-6)


def assert_trains_exports_and_resumes(settings: Settings, folder: Path) -> Progress:
    """A whole training of finite losses; its graph exported; its checkpoint goes on as if there had been no break."""
    *_, last = train_locally(settings)
    training = last.training
    assert training.rounds == 40 and training.updates == 120
    assert all(np.isfinite(value) for value in last.losses.values())
    assert_parity(training.agent.graph, OnnxGraph(training.graph()))
    training.checkpoint(folder)
    expected = [training.train() for _ in range(3)]
    again = TrainingLoop(settings)
    again.resume(folder)
    assert [again.train() for _ in range(3)] == expected
    return last


def assert_steps_down(loss: Tensor, parameters: Iterable[Tensor], rate: float, update: Callable[[], T]) -> T:
    """The first step of an `update` by Adam is `rate` against the gradient's sign; returns what `update` does."""
    moving = list(parameters)
    gradients, old = torch.autograd.grad(loss, moving), [parameter.detach().clone() for parameter in moving]
    result, moved = update(), 0
    for new, was, gradient in zip(moving, old, gradients, strict=True):
        clear = gradient.abs() > 1e-5
        torch.testing.assert_close((new - was)[clear], -rate * gradient[clear].sign(), rtol=1e-2, atol=1e-4)
        moved += int(clear.sum())
    assert moved > 50
    return result
