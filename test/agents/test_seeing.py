# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Agents that see nothing but pictures learn where to push a square; what they export decides as they do."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from square import GOAL, ends_at, layout, random_steps

from ros_rl.agents.agent import Agent
from ros_rl.agents.factory import make_agent
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError
from ros_rl.networks.mlp import evaluating
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.types import Image

FRAMES = 2
SMALL: dict[str, Any] = {"frames": FRAMES, "channels": 8, "embedding": 16, "hidden": 64, "gamma": 0.9}
XQC = {"name": "drq_sac", "normalisation": "unit", "loss": "categorical", "reward_scale": "returns"}
AGENTS: dict[str, tuple[int, dict[str, Any]]] = {
    "latent_mpc": (0, SMALL | {"latent": 32}),
    "drq_sac": (0, SMALL),
    "drq_xqc": (0, SMALL | XQC),
    "drq_chunk": (0, SMALL | {"name": "drq_sac", "chunk": 2}),
    "drq_dqn": (3, SMALL | {"targets": "polyak", "tau": 0.02, "epsilon_persists": 0.5}),
}
"""Choices and settings of each."""
UPDATES = {"latent_mpc": 350, "drq_sac": 400, "drq_chunk": 400, "drq_dqn": 300}
"""Until it has learned; with the critics of XQC not each seed does."""


def settings_of(name: str, agent: dict[str, Any]) -> Settings:
    learner = {"batch_size": 32, "updates_per_step": 1.0}
    return load_settings(
        None, overrides=[{"task": {"name": "gym"}, "agent": {"name": name, **agent}, "learner": learner}]
    )


def made(name: str, **more: Any) -> tuple[Agent, ReplayBuffer]:
    choices, agent = AGENTS[name]
    torch.manual_seed(0)
    seen = layout(choices)
    chunk = agent.get("chunk", 1)
    buffer = ReplayBuffer(1000, 0, 1, 0, agent["gamma"], images=seen.images, frames=FRAMES, chunk=chunk)
    random_steps(buffer, 600, choices)
    return make_agent(seen, settings_of(name, agent | more)), buffer


class Exported:
    """What is exported decides, and what it is made of has to decide the same."""

    def __init__(self, agent: Agent, seed: int = 0) -> None:
        self._onnx = OnnxGraph(ExportedGraph(agent.graph, "square", 0.5).serialise({}))
        self._torch, self._rng = agent.graph, np.random.default_rng(seed)
        self._carry = self._onnx.initial_carry()

    def __call__(self, images: dict[str, Image]) -> np.ndarray:
        noise = self._rng.standard_normal(self._onnx.contract.noise).astype(np.float32)
        found = self._onnx.run(images, self._carry, noise, 0.0)
        with evaluating(self._torch):
            action, carry, *told = self._torch(
                *(torch.as_tensor(image) for image in images.values()),
                torch.as_tensor(self._carry),
                torch.as_tensor(noise),
                torch.zeros(1),
            )
        assert np.allclose(found.action, action.numpy(), atol=2e-4)
        assert np.allclose(found.carry, carry.numpy(), atol=5e-4)
        for value, own in zip(found.telemetry.values(), told, strict=True):
            assert np.allclose(value, own.numpy(), atol=2e-3)
        self._carry = found.carry
        return found.action


@pytest.mark.parametrize(("name", "updates"), UPDATES.items())
def test_it_learns_to_push_what_it_sees(name: str, updates: int) -> None:
    choices, _ = AGENTS[name]
    agent, buffer = made(name)
    for k in range(updates):
        metrics = agent.train(buffer, k)
    assert agent.updates == updates and all(np.isfinite(value) for value in metrics.values())
    for place in (0.0, 1.0):
        assert abs(ends_at(Exported(agent), place, choices) - GOAL) < 0.13


@pytest.mark.parametrize("name", AGENTS)
def test_it_goes_on_as_if_there_had_been_no_break(name: str) -> None:
    agent, buffer = made(name)
    for k in range(3):
        agent.train(buffer, k)
    arrays, about = buffer.state()
    kept = ({key: value.copy() for key, value in arrays.items()}, about)
    state, random = copy.deepcopy(agent.state_dict()), torch.get_rng_state()
    other, again = made(name)
    other.load_state_dict(state)
    again.restore(*kept, path=None)  # type: ignore[arg-type]
    torch.set_rng_state(random)
    expected = agent.train(buffer, 3)
    torch.set_rng_state(random)
    assert other.train(again, 3) == expected


def test_a_policy_takes_no_statistics_of_the_critics_that_it_follows() -> None:
    """XQC's are normalised by a batch's own statistics where they learn, by running ones where the policy does."""
    agent, buffer = made("drq_xqc")
    for k in range(30):
        agent.train(buffer, k)
    samples = agent.inputs.samples(buffer.newest(8))
    critics = agent.critics.online
    before = {name: value.clone() for name, value in critics.state_dict().items()}
    agent.improve(samples)
    assert critics.training and all(torch.equal(before[name], value) for name, value in critics.state_dict().items())
    with evaluating(critics):
        encoded = critics.encoder(samples.obs)
        expected = critics.head(encoded, samples.action)
    torch.testing.assert_close(agent.soft.critics.through()(encoded, samples.action), expected)
    assert np.isfinite(ends_at(Exported(agent), 0.0, 0))


@pytest.mark.parametrize("name", AGENTS)
def test_the_watch_can_look(name: str) -> None:
    agent, buffer = made(name)
    looked = agent.look(buffer.as_drawn(buffer.newest(5).index))
    assert looked is not None
    q, features = looked
    assert q.shape[1] == 5 and features.shape == (q.shape[0], 5, 64) and not features.requires_grad


@pytest.mark.parametrize("name", ["drq_dqn", "drq_sac"])
@pytest.mark.parametrize(("setting", "value"), [("mirror", True), ("relabel_fraction", 0.5)])
def test_images_cannot_be_turned_or_judged_anew(name: str, setting: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"agent.{setting} is {value}, but images and several frames can be neither"):
        settings_of(name, {setting: value})


@pytest.mark.parametrize(
    ("setting", "value", "only"),
    [("propagation", "random_member", "fixed_member"), ("aleatoric", True, False), ("precision", "int8", "float32")],
)
def test_what_a_latent_state_knows_nothing_of_is_refused(setting: str, value: Any, only: Any) -> None:
    message = f"agent.planner.{setting} is {value}, which has no effect in a latent state: .*; use {only}"
    with pytest.raises(ConfigError, match=message):
        settings_of("latent_mpc", {"planner": {setting: value}})


def test_windows_longer_than_all_episodes_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """Once; the episodes of an environment without a limit are known only as they end."""
    agent, replay = made("latent_mpc", length=21)
    assert agent.train(replay, 600) == agent.train(replay, 601) == {}
    assert [record.getMessage() for record in caplog.records] == [
        "agent.length is 21, the longest of the first 30 episodes had 20 steps: nothing is learned from them"
    ]
    agent, replay = made("latent_mpc", length=20)
    assert agent.train(replay, 600) and len(caplog.records) == 1
