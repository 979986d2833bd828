# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""QT-Opt: its search against known maxima, its targets and losses by hand, its graph."""

from pathlib import Path
from typing import Any

import pytest
import torch
from learners import spec_of
from torch import Tensor, nn
from value_agents import agent_of, check_resume, largest_difference, plain_layout, random_samples, settings_of

from ros_rl.agents.qt_opt import QtOptAgent, best_action
from ros_rl.deploy.export import ExportedGraph
from ros_rl.errors import ConfigError
from ros_rl.settings.off_policy import SearchSettings
from ros_rl.training.local import train_locally

LAYOUT = plain_layout()


class Bowl(nn.Module):
    """Q = height - |u - c x|^2, where x is the observation's beginning."""

    def __init__(self, centre: float, height: float = 0.0) -> None:
        super().__init__()
        self.centre, self.height = nn.Parameter(torch.tensor(centre)), nn.Parameter(torch.tensor(height))

    def forward(self, obs: Tensor, action: Tensor) -> Tensor:
        return (self.height - ((action - self.centre * obs[:, : action.shape[1]]) ** 2).sum(-1))[None]


def with_bowls(online: Bowl, target: Bowl, lagged: Bowl, **more: Any) -> QtOptAgent:
    agent = agent_of(LAYOUT, "qt_opt", **more)
    agent.critics.online, agent.critics.target, agent.lagged = online, target, lagged
    agent.critics.optimiser = torch.optim.SGD(online.parameters(), 0.0)
    return agent


@pytest.mark.parametrize("iterations", [1, 2, 4])
def test_search_reaches_the_maximum_of_a_quadratic(iterations: int) -> None:
    torch.manual_seed(0)
    centre = 1.6 * torch.rand(50, 1, 3) - 0.8
    weight = torch.tensor([1.0, 3.0, 0.5])
    settings = SearchSettings(samples=64, elites=6, iterations=iterations)
    noise = torch.randn(iterations, 64, 3)
    found = best_action(lambda u: -(weight * (u - centre) ** 2).sum(-1), noise, 50, settings)
    error = (weight * (found - centre[:, 0]) ** 2).sum(-1).mean()
    assert error < {1: 0.2, 2: 0.02, 4: 0.002}[iterations]  # of a function that varies by 4.5


def test_search_finds_the_better_of_two_maxima_and_the_edge() -> None:
    torch.manual_seed(0)
    settings, noise = SearchSettings(), torch.randn(3, 64, 1)
    high = torch.tensor([[-0.7], [0.7]])  # of the two rows; the other maximum is lower
    two = best_action(
        lambda u: torch.maximum(1 - 8 * (u[..., 0] - high) ** 2, 0.8 - 8 * (u[..., 0] + high) ** 2), noise, 2, settings
    )
    torch.testing.assert_close(two, high, atol=0.05, rtol=0)
    edge = best_action(lambda u: u[..., 0], noise, 2, settings)
    assert edge.tolist() == [[1.0], [1.0]]


def test_search_asks_once_per_iteration_and_takes_its_best_candidate() -> None:
    asked: list[Tensor] = []

    def value(candidates: Tensor) -> Tensor:
        asked.append(candidates)
        return -(candidates[..., 0] - 0.3).abs()

    settings = SearchSettings(samples=10, elites=3)
    found = best_action(value, torch.randn(2, 10, 1), 4, settings)
    assert [tuple(c.shape) for c in asked] == [(4, 10, 1)] * 2
    elites = asked[0][0, torch.topk(value(asked[0])[0], 3).indices]
    torch.testing.assert_close(asked[1][0, 0], elites.mean(0))  # the mean is a candidate itself
    for row in range(4):
        best = min(asked[1][row, :, 0].tolist(), key=lambda u: abs(u - 0.3))
        assert found[row, 0].item() == pytest.approx(best)


@pytest.mark.parametrize(("height", "lower"), [(-1.0, True), (5.0, False)])
def test_target_is_the_smaller_of_two_values_at_the_first_ones_action(height: float, lower: bool) -> None:
    """Q1 is 1 at u = 0.5 x; there Q2 is its height less the distance to -0.5 x, |x|^2."""
    agent = with_bowls(Bowl(0.1), Bowl(0.5, 1.0), Bowl(-0.5, height), iterations=6, std_min=1e-3)
    samples = random_samples(LAYOUT)
    samples.next_obs.clamp_(-1.0, 1.0)
    q, target = agent.update_critics(samples)
    second = height - (samples.next_obs[:, :2] ** 2).sum(-1)
    value = torch.minimum(torch.ones(6), second)
    assert (value < 1.0).all() if lower else (value == 1.0).any()
    expected = samples.reward + samples.discount * (1 - samples.terminated) * value
    torch.testing.assert_close(target, expected, atol=0.02, rtol=0)
    apart = samples.action - 0.1 * samples.obs[:, :2]
    torch.testing.assert_close(q[0], -(apart**2).sum(-1))


def test_second_targets_lag_behind_the_first() -> None:
    agent, samples = agent_of(LAYOUT, "qt_opt", lag=3, tau=0.5, learning_rate=1e-2), random_samples(LAYOUT)

    def weights(network: nn.Module) -> Tensor:
        return torch.cat([p.detach().flatten() for p in network.parameters()])

    copied = weights(agent.critics.target)
    for update in range(1, 8):
        agent.update_critics(samples)
        agent.updates += 1
        if update % 3 == 0:
            copied = weights(agent.critics.target)
        assert torch.equal(weights(agent.lagged), copied)
        assert torch.equal(weights(agent.critics.target), copied) == (update % 3 == 0)
    assert "lagged_critics" in agent.parts()
    assert "lagged_critics" not in agent_of(LAYOUT, "qt_opt", lag=0).parts()


def test_cross_entropy_by_hand() -> None:
    """Its gradient by the logit is sigmoid - target; values are probabilities."""
    agent = agent_of(LAYOUT, "qt_opt", loss="cross_entropy", lag=0)
    samples = random_samples(LAYOUT)
    samples.reward = torch.tensor([0.0, 1.0, 0.2, 0.7, 1.0, 0.0])
    with torch.no_grad():
        logits = agent.critics.online(samples.obs, samples.action)[0]
    q, target = agent.update_critics(samples)
    assert target[0] == 0.0 and target.max() == 1.0 and target.min() >= 0.0
    torch.testing.assert_close(q[0], torch.sigmoid(logits))
    expected = (samples.weight * (torch.sigmoid(logits) - target)).sum() / 6
    torch.testing.assert_close(agent.critics.online.net.net[-1].bias.grad[0, 0, 0], expected)


def test_cross_entropy_refuses_other_rewards() -> None:
    agent, samples = agent_of(LAYOUT, "qt_opt", loss="cross_entropy"), random_samples(LAYOUT)
    samples.reward = torch.tensor([0.0, 0.5, 1.0, -0.25, 0.0, 0.0])
    with pytest.raises(ConfigError, match=r"needs returns in \[0, 1\], a reward is -0.25"):
        agent.update_critics(samples)


@pytest.mark.parametrize("loss", ["squared", "cross_entropy"])
def test_learns_the_best_action(loss: str) -> None:
    """Every transition terminates, so Q is the reward, whose best action is (0.5, -0.5)."""
    agent = agent_of(LAYOUT, "qt_opt", loss=loss, learning_rate=5e-3, hidden=32, tau=0.02, samples=24)
    for update in range(400):
        samples = random_samples(LAYOUT, 64, seed=update)
        samples.terminated.fill_(1.0)
        samples.reward = torch.exp(-2 * ((samples.action - torch.tensor([0.5, -0.5])) ** 2).sum(-1))
        agent.update_critics(samples)
        agent.updates += 1
    with torch.no_grad():
        noise = torch.randn(1, *agent.graph.noise_shape)
        found = torch.cat([agent.graph.choose(samples.obs[row : row + 1], noise) for row in range(20)])
    torch.testing.assert_close(found.mean(0), torch.tensor([0.5, -0.5]), atol=0.15, rtol=0)


@pytest.mark.parametrize("explore", [0.0, 1.0])
def test_exported_graph_decides_alike(explore: float) -> None:
    agent = agent_of(spec_of(settings_of("qt_opt")), "qt_opt", critics=2, normalisation="layer")
    with torch.no_grad():
        for parameter in agent.critics.target.parameters():
            parameter.mul_(3.0)  # so that candidates' values differ by more than rounding
    assert largest_difference(agent.graph, ExportedGraph(agent.graph, "toy", 0.05), explore) < 1e-4


def test_evaluation_searches_without_added_noise() -> None:
    agent = agent_of(LAYOUT, "qt_opt", exploration=0.5)
    noise, obs = torch.randn(agent.graph.noise_shape), torch.randn(3)
    with torch.no_grad():
        greedy = agent.graph.choose(obs[None], noise[None])[0]
        for explore in (0.0, 1.0):
            action, _ = agent.graph.act(obs, torch.zeros(0), noise, torch.tensor([explore]))
            torch.testing.assert_close(action, (greedy + 0.5 * explore * noise[0]).clamp(-1, 1))


def test_resumes_where_it_stopped(tmp_path: Path) -> None:
    check_resume(settings_of("qt_opt", lag=2), LAYOUT, tmp_path)


def test_trains_on_a_robot_task() -> None:
    episodes = list(train_locally(settings_of("qt_opt", {"robot_minutes": 0.06})))
    assert episodes[-1].training.updates == 52
    assert torch.isfinite(torch.tensor(list(episodes[-1].losses.values()))).all()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match="agent 'qt_opt' chooses continuous actions, those of 'toy' are discrete"):
        agent_of(plain_layout(3), "qt_opt")
    with pytest.raises(ConfigError, match="agent.elites 9 is above agent.samples 8"):
        settings_of("qt_opt", samples=8, elites=9)
