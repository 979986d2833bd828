# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What training shows to the watch, with every agent that has critics."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from learners import random_transition, small_settings
from value_agents import plain_layout

from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop

AGENTS: dict[str, dict[str, Any]] = {
    "mpc": {"act": "policy"},
    "sac": {"name": "sac", "hidden": 16},
    "droq": {"name": "sac", "hidden": 16, "dropout": 0.5, "normalisation": "layer"},
    "crossq": {"name": "sac", "hidden": 16, "normalisation": "batch", "targets": "none"},
    "xqc": {"name": "sac", "hidden": 16, "normalisation": "unit", "loss": "categorical", "reward_scale": "returns"},
    "chunks": {"name": "sac", "hidden": 16, "chunk": 3},
    "td3": {"name": "td3", "hidden": 16},
    "ddpg": {"name": "ddpg", "hidden": 16},
    "dqn": {"name": "dqn", "hidden": 16, "critics": 2},
    "naf": {"name": "naf", "hidden": 16},
    "qt_opt": {"name": "qt_opt", "hidden": 16, "samples": 8, "elites": 2},
    "actor_critic": {"name": "actor_critic", "hidden": 16, "data": "off_policy", "batch": "online"},
}
SOFT = ("mpc", "sac", "droq", "crossq", "xqc", "chunks")
LEARNER = {"batch_size": 16, "warmup_steps": 10, "updates_per_step": 2.0, "replay_capacity": 100}


def training_of(name: str, watch: dict[str, Any] | None = None, **learner: Any) -> TrainingLoop:
    values = {"agent": AGENTS[name], "learner": LEARNER | learner | {"watch": {"window": 10} | (watch or {})}}
    if name == "mpc":
        return TrainingLoop(small_settings("mock_point", values))
    settings = load_settings(overrides=[{"task": {"name": "gym"}}, values])
    return TrainingLoop(settings, plain_layout(choices=3 if name == "dqn" else 0))


def add(training: TrainingLoop, count: int, start: int = 0, **changes: Any) -> None:
    rng = np.random.default_rng(start)
    for index in range(start, start + count):
        if training.spec.choices:
            changes["action"] = rng.integers(training.spec.choices, size=1).astype(float)
        training.add(random_transition(training.spec, rng, index, **({"terminated": False} | changes)))


@pytest.mark.parametrize("name", AGENTS)
def test_every_update_is_shown(name: str) -> None:
    training = training_of(name)
    add(training, 30)
    for _ in range(5):
        training.train()
    assert training.watch.updates == training.updates == 10
    figures = training.watch.figures()
    assert figures["bellman_error"] > 0 and figures["effective_rank"] >= 1
    gamma = training.settings.agent.gamma
    assert (training.watch.check.largest_bonus > 0.0) == (name in SOFT)
    largest = float(np.abs(training.replay.at(np.arange(30)).reward).max())
    assert ("clipped_share" in figures) == (name == "xqc")
    assert figures["q_bound"] == pytest.approx((largest + gamma * training.watch.check.largest_bonus) / (1.0 - gamma))


@pytest.mark.parametrize("name", [name for name in AGENTS if name != "naf"])
def test_look_gives_values_and_the_layer_before_them(name: str) -> None:
    training = training_of(name)
    add(training, 30)
    training.train()
    batch = training.replay.as_drawn(np.arange(20))
    before = {key: value.clone() for key, value in _critics(training).state_dict().items()}
    values, features = training.agent.look(batch)
    again, _ = training.agent.look(training.replay.as_drawn(np.arange(20)))
    assert torch.equal(values, again)  # no dropout
    critics = _critics(training)
    assert critics.training and all(torch.equal(before[key], value) for key, value in critics.state_dict().items())
    last = critics.net.net[-1]
    outputs = (features[..., None] * last.weight[:, None]).sum(-2) + last.bias
    if name == "xqc":
        outputs = training.agent.unit * (outputs.softmax(-1) @ critics.bins.mT)
    taken = batch.action[:, 0].astype(int) if name == "dqn" else np.zeros(20, int)
    torch.testing.assert_close(values, outputs[:, np.arange(20), taken].detach(), rtol=1e-4, atol=1e-5)


def test_look_at_the_quadratic_values_of_naf() -> None:
    """Q is largest, and V, at the action that acts; there V is the first of the outputs."""
    training = training_of("naf")
    add(training, 30)
    training.train()
    network, batch = _critics(training), training.replay.at(np.arange(20))
    with torch.no_grad():
        best = network(torch.from_numpy(batch.observation))[1]
    values, features = training.agent.look(replace(batch, action=best.numpy()))
    last = network.net.net[-1]
    value = (features[0] * last.weight[0, :, 0]).sum(-1) + last.bias[0, 0, 0]
    torch.testing.assert_close(values[0], value.detach(), rtol=1e-4, atol=1e-5)
    assert bool((training.agent.look(batch)[0] <= values + 1e-6).all())


def _critics(training: TrainingLoop) -> Any:
    critics = training.agent.critics
    return getattr(critics, "online", critics)


def test_looking_changes_no_training() -> None:
    weights = []
    for every in (1, 10**6):
        training = training_of("droq", {"rank_every": every})
        add(training, 30)
        for _ in range(5):
            training.train()
        weights.append(_critics(training).state_dict())
    assert all(torch.equal(value, weights[1][key]) for key, value in weights[0].items())


def test_finished_episodes_are_compared_also_over_the_rings_edge() -> None:
    training = training_of("td3", replay_capacity=100)
    add(training, 90, episode=0)
    for _ in range(6):
        training.train()
    assert "overestimation" not in training.watch.figures()  # not finished
    add(training, 19, start=90, episode=1, reward=0.5)
    add(training, 1, start=109, episode=1, reward=0.5, terminated=True)
    batch = training.replay.at(np.arange(90, 110) % 100)
    returns = [0.5 * sum(training.settings.agent.gamma**k for k in range(20 - t)) for t in range(20)]
    q = training.agent.look(batch)[0].mean(0).numpy()
    assert training.watch.figures()["overestimation"] == pytest.approx(float(np.mean(q - returns)), rel=1e-4)


def test_finished_episodes_are_compared_also_after_a_move_to_a_larger_buffer(tmp_path: Path) -> None:
    training = training_of("td3", replay_capacity=100)
    add(training, 130, episode=0)
    for _ in range(6):
        training.train()
    training.checkpoint(tmp_path)
    training = training_of("td3", replay_capacity=200)
    training.resume(tmp_path)
    for _ in range(6):
        training.train()
    add(training, 19, start=200, episode=1, reward=0.5)
    add(training, 1, start=219, episode=1, reward=0.5, terminated=True)
    held = training.replay.at(np.arange(100, 120))
    assert (held.reward == 0.5).all()
    returns = [0.5 * sum(training.settings.agent.gamma**k for k in range(20 - t)) for t in range(20)]
    q = training.agent.look(held)[0].mean(0).numpy()
    assert training.watch.figures()["overestimation"] == pytest.approx(float(np.mean(q - returns)), rel=1e-4)


@pytest.mark.parametrize("steps", [[0, 1, 3], [0, 2, 3]])
def test_an_episode_with_a_gap_is_not_compared(steps: list[int]) -> None:
    training = training_of("td3")
    add(training, 30)
    for _ in range(6):
        training.train()
    for step in steps:
        add(training, 1, start=100 + step, episode=1, terminated=step == 3)
    assert "overestimation" not in training.watch.figures()
    add(training, 1, start=200, episode=2, terminated=True)
    assert "overestimation" in training.watch.figures()


def test_episodes_of_two_robots_in_turns_are_each_compared() -> None:
    training = training_of("td3")
    add(training, 90)
    for _ in range(6):
        training.train()
    for k in range(10):  # two episodes of ten steps, one of which ends a step later than the other
        add(training, 1, start=100 + k, episode=1, source="a", reward=0.5, terminated=k == 9)
        add(training, 1, start=200 + k, episode=1, source="b", reward=-0.25, terminated=k == 9)
    gamma = training.settings.agent.gamma
    sums = np.array([sum(gamma**k for k in range(10 - t)) for t in range(10)])
    # 90 were there before, of 100 places: ten of a and ten of b lie in turns, over the ring's edge
    gaps = []
    for first, reward in ((90, 0.5), (91, -0.25)):
        held = training.replay.at((first + 2 * np.arange(10)) % 100)
        assert (held.reward == np.float32(reward)).all()
        gaps.append(float(np.mean(training.agent.look(held)[0].mean(0).numpy() - reward * sums)))
    assert training.watch.figures()["overestimation"] == pytest.approx(np.mean(gaps), rel=1e-4)


def test_critics_that_explode_are_told_and_survive_a_resume(tmp_path: Path) -> None:
    training = training_of("sac")
    add(training, 30)
    training.train()
    assert training.watch.warnings() == []
    with torch.no_grad():
        for parameter in _critics(training).net.net[-1].parameters():
            parameter.mul_(1e6)
    training.train()
    (warning,) = training.watch.warnings()
    assert "beyond its bound" in warning and "first at update 3" in warning
    training.checkpoint(tmp_path)
    resumed = training_of("sac")
    resumed.resume(tmp_path)
    assert resumed.watch.updates == 4 and resumed.watch.figures()["first_beyond"] == 3.0
    assert resumed.watch.check.bound == training.watch.check.bound
