# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Agents give replayed transitions their priorities, and learn from n-step sums and importance weights."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from value_agents import agent_of, plain_layout

from ros_rl.layout import Layout
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Transition

AGENTS = {
    "dqn": {},
    "naf": {"targets": "hard"},
    "qt_opt": {"targets": "hard", "samples": 8, "elites": 2, "loss": "squared"},
    "sac": {"targets": "hard"},
    "td3": {"targets": "hard"},
    "td7": {},
}


class Recorder(ReplayBuffer):
    """Remembers what was drawn and which priorities came back."""

    def sample(self, size: int) -> Batch:
        self.drawn = super().sample(size)
        return self.drawn

    def update_priorities(self, index: np.ndarray, priority: np.ndarray) -> None:
        self.given = (index, priority)
        super().update_priorities(index, priority)


def filled(layout: Layout, priority: str, n_step: int = 1) -> Recorder:
    replay, rng = Recorder(100, layout.size, layout.action_size, 0, 0.9, ReplaySettings(priority, n_step=n_step)), None
    rng = np.random.default_rng(0)
    for i in range(40):
        action = rng.integers(layout.choices, size=1) if layout.choices else rng.uniform(-1, 1, layout.action_size)
        obs, after = rng.normal(size=(2, layout.size))
        replay.add(Transition(i, i // 10, obs, action, float(rng.random()), after, i % 10 == 9, False))
    return replay


def value(name: str, agent: Any, network: Any, batch: Batch) -> torch.Tensor:
    """Q of a batch, (critics, batch)."""
    obs, action = torch.tensor(batch.observation), torch.tensor(batch.action)
    with torch.no_grad():
        if name == "dqn":
            q = network(obs)
            return torch.stack([each[torch.arange(len(obs)), action[:, 0].long()] for each in q])
        if name == "naf":
            v, mean, numbers = network(obs)
            lower, apart = network.lower(numbers), action - agent.inputs.smooth(mean, obs)
            return (v - 0.5 * torch.einsum("bi,bij,bkj,bk->b", apart, lower, lower, apart))[None]
        return network(obs, action)


@pytest.mark.parametrize("name", AGENTS)
@pytest.mark.parametrize("priority", ["td_error", "target"])
def test_priorities_are_the_errors_of_what_was_drawn(name: str, priority: str, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = agent_of(layout := plain_layout(2 if name == "dqn" else 0), name, **AGENTS[name])
    with torch.no_grad():
        for parameter in agent.critics.target.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))  # so that both networks differ
    before, targets = copy.deepcopy(agent.critics.online), []
    update = agent.update_critics

    def spy(samples: Any) -> Any:
        result = update(samples)
        targets.append(result[1])
        return result

    monkeypatch.setattr(agent, "update_critics", spy)
    replay = filled(layout, priority)
    agent.train(replay, 1)
    network = before if priority == "td_error" else agent.critics.target
    error = value(name, agent, network, replay.drawn).mean(0) - targets[-1]
    index, given = replay.given
    np.testing.assert_array_equal(index, replay.drawn.index)
    np.testing.assert_allclose(np.abs(given), error.abs(), rtol=1e-4, atol=1e-6)


def test_errors_that_are_not_finite_leave_priorities_alone() -> None:
    agent = agent_of(layout := plain_layout(), "sac", targets="none")
    agent.train(replay := filled(layout, "td_error"), 1)
    with torch.no_grad():
        next(agent.critics.online.parameters()).fill_(float("nan"))
    agent.train(replay, 2)
    assert len(replay.given[0]) == 0


def test_without_target_critics_both_priorities_are_the_same() -> None:
    given = []
    for priority in ("td_error", "target"):
        agent = agent_of(layout := plain_layout(), "sac", targets="none")
        agent.train(replay := filled(layout, priority), 1)
        given.append(replay.given[1])
    np.testing.assert_array_equal(*given)


def test_targets_hold_the_sum_of_n_rewards_and_its_discount() -> None:
    agent = agent_of(layout := plain_layout(2), "dqn", targets="none", bootstrap="same")
    replay = filled(layout, "uniform", n_step=3)
    batch = replay.sample(64)
    samples = agent.inputs.samples(batch)
    after = agent.critics.online(samples.next_obs)[0].max(-1).values.detach().numpy()
    _, target = agent.update_critics(samples)
    for i, place in enumerate(batch.index):
        steps = min(3, 10 - place % 10)  # episodes of ten steps, the last of which terminates
        reward = sum(0.9**k * replay.at(np.array([place + k])).reward[0] for k in range(steps))
        ends = place % 10 + steps == 10
        assert float(target[i]) == pytest.approx(reward + (0 if ends else 0.9**steps * after[i]), abs=1e-5)
