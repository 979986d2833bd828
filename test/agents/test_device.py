# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Agents learn where they are: nothing that they make on the way is on the default device.

There is no GPU here. What stands for one is a check that every tensor is made for a device by name, and the default
device "meta", which holds no numbers: what is made there by mistake cannot take part in a computation.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from learners import spec_of
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors
from value_agents import plain_layout

from ros_rl.agents import factory
from ros_rl.agents.agent import Agent
from ros_rl.agents.common.seen import Sight
from ros_rl.agents.factory import device_of, make_agent
from ros_rl.errors import ConfigError
from ros_rl.layout import Layout
from ros_rl.networks.layers import BatchedLinear
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.tree import Settings
from ros_rl.types import Transition

SMALL = {"hidden": 8}
MODEL = {"hidden": 8, "model": {"members": 2, "hidden": 8}, "model_start": 0}
PLANNER = {"planner": {"samples": 4, "proposals": 2, "elites": 2}, "planner_start": 0}
DREAMER: dict[str, Any] = {
    "hidden": 8,
    "sequence": 4,
    "burn_in": 1,
    "horizon": 2,
    "model": {"memory": 8, "hidden": 8, "variables": 2, "classes": 3},
}
LEARNED = {"reward": "learned", "termination": "learned"}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("sac", SMALL | {"policy_tau": 0.5, "target_critics": 1}),
    ("sac", SMALL | {"normalisation": "batch", "targets": "none", "policy_value": "mean"}),
    ("sac", SMALL | {"normalisation": "layer", "dropout": 0.1, "targets": "hard", "copy_every": 1}),
    ("sac", SMALL | {"normalisation": "unit", "loss": "categorical", "reward_scale": "returns"}),
    ("sac", SMALL | {"chunk": 2}),
    ("ddpg", SMALL),
    ("td3", SMALL),
    ("td7", SMALL | {"embedding": 4, "embedding_hidden": 8, "copy_every": 2}),
    ("naf", SMALL),
    ("qt_opt", SMALL | {"samples": 4, "elites": 2}),
    ("dqn", SMALL | {"critics": 2, "target_critics": 1}),
    ("dqn", SMALL | {"loss": "huber", "bootstrap": "same", "targets": "none"}),
    ("bc", SMALL),
    ("reinforce", SMALL | {"episodes": 2, "discount_states": True}),
    ("reinforce", SMALL | {"episodes": 2, "baseline": "none"}),
    ("reinforce", SMALL | {"episodes": 2, "baseline": "mean", "estimator": "trajectory"}),
    ("actor_critic", SMALL | {"episodes": 2}),
    ("actor_critic", SMALL | {"batch": "online", "gradient": "pathwise"}),
    ("actor_critic", SMALL | {"data": "off_policy", "batch": "online"}),
    ("mpc", MODEL | PLANNER | {"imitation": 0.1}),
    ("mpc", MODEL | PLANNER | {"model": {"kind": "dropout", "members": 2, "hidden": 8, **LEARNED}}),
    ("mpc", MODEL | PLANNER | {"model": {"kind": "deterministic", "members": 2, "hidden": 8, "termination": "never"}}),
    ("latent_mpc", SMALL | {"latent": 8, "embedding": 8, "frames": 1, "planner": PLANNER["planner"]}),
    ("drq_dqn", SMALL | {"embedding": 8, "frames": 1}),
    ("drq_sac", SMALL | {"embedding": 8, "frames": 1}),
    ("drq_sac", SMALL | {"embedding": 8, "frames": 1, "normalisation": "unit", "loss": "categorical"}),
    ("mbpo", MODEL | {"rollouts_per_step": 4, "length_to": 2}),
    ("mbpo", MODEL | {"improve": "policy_gradient", "length_from": 2, "length_to": 2}),
    ("distil", MODEL | PLANNER),
    ("dreamer", DREAMER),
    (
        "dreamer",
        DREAMER | {"smoothing": 0.3, "gradient": "reinforce", "model": DREAMER["model"] | {"target": "embedding"}},
    ),
    ("random", {}),
]
TASKS = {
    "dqn": None,
    "drq_dqn": None,
    "mpc": "xarm_reach",
    "td3": "xarm_reach",
}  # of the last with goals, to be relabelled


class ExplicitDevice(TorchFunctionMode):
    """Refuses to make a tensor of which it is not said where."""

    factories = frozenset(_device_constructors()) | {torch.from_numpy}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in self.factories and "device" not in (kwargs or {}):
            raise AssertionError(f"torch.{func.__name__} is called without a device")
        return func(*args, **(kwargs or {}))


def settings_of(name: str, agent: dict[str, Any]) -> tuple[Settings, Layout]:
    task = TASKS.get(name, "mock_point")
    small = {"batch_size": 8, "updates_per_step": 2.0}
    overrides: dict[str, Any] = {"agent": {"name": name, **agent}, "learner": small}
    settings = load_settings(task, overrides=[overrides | ({} if task else {"task": {"name": "gym"}})])
    return settings, spec_of(settings) if task else plain_layout(choices=3)


def filled(layout: Layout, agent: Agent | None = None, chunk: int = 1) -> ReplayBuffer:
    """Episodes of ten steps; after the fourth an agent learns for the first time."""
    replay, rng = ReplayBuffer(200, layout.size, layout.action_size, chunk=chunk), np.random.default_rng(0)
    for index in range(80):
        action = rng.integers(layout.choices, size=1) if layout.choices else rng.uniform(-1, 1, layout.action_size)
        before, after = 0.3 * rng.uniform(-1, 1, (2, layout.size))
        ends = index % 10 == 9
        replay.add(Transition(index, index // 10, before, action, float(rng.random()), after, False, ends))
        if index == 39 and agent is not None:
            agent.train(replay, 1)
    return replay


def learner(name: str, agent: dict[str, Any]) -> tuple[Agent, ReplayBuffer]:
    """An agent that has begun to learn, and more to learn from."""
    settings, layout = settings_of(name, agent)
    torch.manual_seed(0)
    made = make_agent(layout, settings)

    return made, filled(layout, made, settings.agent.chunk)


def learned(agent: Agent, replay: ReplayBuffer) -> list[torch.Tensor]:
    """Everything that two more rounds leave, and what the watch is shown."""
    for env_steps in (100, 101):
        agent.train(replay, env_steps)
    looked = agent.look(replay.as_drawn(replay.newest(5).index))
    return [*tensors(agent.state_dict()), *(looked or ())]


def tensors(state: Any) -> Iterator[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        yield state
    elif isinstance(state, dict):
        for value in state.values():
            yield from tensors(value)


@pytest.mark.parametrize(("name", "agent"), CASES)
def test_nothing_is_made_on_the_default_device(name: str, agent: dict[str, Any]) -> None:
    expected = learned(*learner(name, agent))
    for mode in (ExplicitDevice(), torch.device("meta")):
        started = learner(name, agent)
        with mode:
            found = learned(*started)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert one.device.type == "cpu" and torch.equal(one, other)


@pytest.mark.parametrize(("name", "agent"), [case for case in CASES if case[0] != "random"])
def test_an_agent_learns_and_acts_where_it_was_made(monkeypatch, name: str, agent: dict[str, Any]) -> None:
    """On "meta", which refuses to compute with what lies elsewhere."""
    monkeypatch.setattr(factory, "device_of", lambda _: torch.device("meta"))
    settings, layout = settings_of(name, agent | ({"act": "policy"} if name in ("mpc", "latent_mpc") else {}))
    made = make_agent(layout, settings)
    elsewhere = {key for key, value in made.tensors().items() if not value.is_meta}
    assert elsewhere <= {"new_data", "imagined.added", "answers.added", "reward_scale"}  # which are read at every step
    networks = [part for part in made.parts().values() if isinstance(part, torch.nn.Module)]
    assert all(value.is_meta for part in (*networks, made.graph) for value in part.state_dict().values())
    replay = filled(layout)
    batch = replay.sample(4)
    if name == "dreamer":
        assert all(value.is_meta for value in made.seen(replay.streams(2, 4))[:-1])
    elif settings.agent.learns_model:
        assert all(value.is_meta for value in vars(made.experience(batch)).values())
    elif name == "latent_mpc":
        assert Sight(layout, 1, True, torch.device("meta")).before(batch).is_meta
    else:
        assert all(value.is_meta for value in vars(made.inputs.samples(batch)).values())
    with torch.device("meta"):
        sizes = (layout.size, len(made.graph.carry), made.graph.noise_shape, 1)
        inputs = [torch.empty(size) for size in sizes]
    assert all(value.is_meta for value in made.graph.act(*inputs))


def test_every_agent_is_among_the_cases() -> None:
    assert {name for name, _ in CASES} == set(AGENT_SETTINGS)


def test_auto_is_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for found, auto in ((False, "cpu"), (True, "cuda")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda found=found: found)
        assert device_of("auto").type == auto and device_of("cpu").type == "cpu"
    assert device_of("cuda").type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        ConfigError, match="learner.device is 'cuda', but torch finds no GPU here; allowed here: cpu, auto"
    ):
        device_of("cuda")


@pytest.mark.parametrize(
    ("precision", "fast", "rounded"),
    [("float32", True, False), ("bfloat16", False, True), ("auto", True, True), ("auto", False, False)],
)
def test_wide_hidden_products_are_rounded_where_it_is_asked_for(
    precision: str, fast: bool, rounded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ros_rl.agents.factory.fast_bfloat16", lambda device: fast)
    settings = load_settings("a1_walk", overrides=[f"learner.precision={precision}", "agent.model.hidden=64"])
    agent = make_agent(settings.observation_spec(), settings)
    for network, wide in ((agent.critics.online, True), (agent.policy, True), (agent.model, False)):
        layers = [layer for layer in network.modules() if isinstance(layer, BatchedLinear)]
        assert [layer.rounded is not None for layer in layers] == [False, rounded and wide, False]
