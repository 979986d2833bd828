# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Normalised advantage functions: the quadratic form, its maximum, its target, its graph."""

from pathlib import Path

import pytest
import torch
from learners import spec_of
from value_agents import (
    agent_of,
    check_resume,
    fill,
    largest_difference,
    plain_layout,
    random_samples,
    settings_of,
)

from ros_rl.agents.naf import QuadraticValues
from ros_rl.deploy.export import ExportedGraph
from ros_rl.errors import ConfigError, RunFolderError
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop

LAYOUT = plain_layout()


def test_lower_matrix_by_hand() -> None:
    values = QuadraticValues(3, 2, 8, "none", 0.0)
    lower = values.lower(torch.tensor([[0.0, 2.0, -1.0], [1.0, -3.0, 0.5]]))
    expected = torch.tensor([[[1.0, 0.0], [2.0, 0.36788]], [[2.71828, 0.0], [-3.0, 1.64872]]])
    torch.testing.assert_close(lower, expected, atol=1e-4, rtol=0)


def test_value_is_the_quadratic_form_written_out() -> None:
    agent, samples = agent_of(LAYOUT, "naf"), random_samples(LAYOUT)
    value, mean, numbers = agent.critics.online(samples.obs)
    for row, q in enumerate(agent.q(agent.critics.online, samples.obs, samples.action)):
        lower = torch.zeros(2, 2)
        lower[0, 0], lower[1, 0], lower[1, 1] = numbers[row, 0].exp(), numbers[row, 1], numbers[row, 2].exp()
        apart = samples.action[row] - mean[row]
        torch.testing.assert_close(q, value[row] - 0.5 * apart @ (lower @ lower.T) @ apart)


def test_no_action_of_a_grid_is_better_than_the_mean() -> None:
    agent, obs = agent_of(LAYOUT, "naf"), random_samples(LAYOUT, 5).obs
    axis = torch.linspace(-1, 1, 201)
    grid = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        value, mean, _ = agent.critics.online(obs)
        for row in range(len(obs)):
            q = agent.q(agent.critics.online, obs[row].expand(len(grid), -1), grid)
            assert q.max() <= value[row] + 1e-6
            torch.testing.assert_close(grid[q.argmax()], mean[row], atol=0.011, rtol=0)  # the grid's step is 0.01
        torch.testing.assert_close(agent.q(agent.critics.online, obs, mean), value)


def test_greedy_action_is_the_best_also_where_actions_are_smoothed() -> None:
    layout = spec_of(settings_of("naf"))
    agent = agent_of(layout, "naf", smoothing=0.4)
    observation = torch.randn(layout.size).clamp(-1, 1)
    with torch.no_grad():
        action, _ = agent.graph.act(observation, torch.zeros(0), torch.randn(2), torch.zeros(1))
        obs = agent.inputs(observation)[None]
        torch.testing.assert_close(agent.q(agent.critics.online, obs, action[None]), agent.critics.online(obs)[0])


def test_value_mean_and_matrix_share_no_weights() -> None:
    values = QuadraticValues(3, 2, 8, "layer", 0.0)
    weights = list(values.net.parameters())
    for member, output in enumerate(values(torch.randn(5, 3))):
        for gradient in torch.autograd.grad((output * torch.randn_like(output)).sum(), weights, retain_graph=True):
            assert [bool(part.any()) for part in gradient] == [part == member for part in range(3)]


@pytest.mark.parametrize("targets", ["none", "hard", "polyak"])
def test_update_by_hand(targets: str) -> None:
    agent, samples = agent_of(LAYOUT, "naf", targets=targets, tau=0.1, copy_every=1), random_samples(LAYOUT)
    with torch.no_grad():
        agent.critics.target.net.net[-1].bias[..., 0] += 2.0
        next_values = agent.critics.target(samples.next_obs)[0]
        before = [p.clone() for p in agent.critics.target.parameters()]
    q = agent.q(agent.critics.online, samples.obs, samples.action)
    expected = torch.stack(
        [
            samples.reward[row] + (0.0 if row == 0 else samples.discount[row] * next_values[row])  # row 0 terminated
            for row in range(len(next_values))
        ]
    )
    gradient = torch.autograd.grad(
        (samples.weight * (q - expected) ** 2).sum() / 6, agent.critics.online.net.net[-1].bias
    )
    got, target = agent.update_critics(samples)
    torch.testing.assert_close(target, expected)
    torch.testing.assert_close(got, q.detach()[None])
    torch.testing.assert_close(agent.critics.online.net.net[-1].bias.grad, gradient[0])
    share = {"none": 1.0, "hard": 1.0, "polyak": 0.1}[targets]
    for new, old, aim in zip(agent.critics.target.parameters(), before, agent.critics.online.parameters(), strict=True):
        torch.testing.assert_close(new, old + share * (aim - old))


def test_learns_a_quadratic_function() -> None:
    """Every transition terminates, so Q is the reward: 1 - (u0 - 0.4)^2 - 3 (u1 + 0.2)^2."""
    agent, samples = agent_of(LAYOUT, "naf", learning_rate=1e-2, hidden=16), random_samples(LAYOUT, 200)
    samples.terminated.fill_(1.0)
    u = samples.action
    samples.reward = 1.0 - (u[:, 0] - 0.4) ** 2 - 3.0 * (u[:, 1] + 0.2) ** 2
    for _ in range(400):
        agent.update_critics(samples)
    with torch.no_grad():
        value, mean, _ = agent.critics.online(samples.obs)
    torch.testing.assert_close(mean.mean(0), torch.tensor([0.4, -0.2]), atol=0.03, rtol=0)
    assert abs(float(value.mean()) - 1.0) < 0.05


@pytest.mark.parametrize("explore", [0.0, 1.0])
def test_exported_graph_decides_alike(explore: float) -> None:
    agent = agent_of(spec_of(settings_of("naf")), "naf", normalisation="layer")
    assert largest_difference(agent.graph, ExportedGraph(agent.graph, "toy", 0.05), explore) < 1e-5


def test_noise_is_added_only_when_exploring() -> None:
    agent = agent_of(LAYOUT, "naf", exploration=0.5)
    with torch.no_grad():
        obs, noise = torch.randn(3), torch.tensor([0.3, -0.2])
        mean = agent.critics.online(obs[None])[1][0]
        for explore in (0.0, 1.0):
            action, _ = agent.graph.act(obs, torch.zeros(0), noise, torch.tensor([explore]))
            torch.testing.assert_close(action, (mean + explore * 0.5 * noise).clamp(-1, 1))


def test_resumes_where_it_stopped(tmp_path: Path) -> None:
    check_resume(settings_of("naf"), LAYOUT, tmp_path / "own")
    other = TrainingLoop(settings_of("ddpg"), LAYOUT)
    fill(other, 40)
    other.train()
    other.checkpoint(tmp_path / "other")
    with pytest.raises(RunFolderError, match="checkpoint of another agent"):
        TrainingLoop(settings_of("naf"), LAYOUT).resume(tmp_path / "other")


def test_trains_on_a_robot_task() -> None:
    settings = settings_of("naf", {"robot_minutes": 0.06})
    episodes = list(train_locally(settings))
    assert episodes[-1].training.updates == 52
    assert torch.isfinite(torch.tensor(list(episodes[-1].losses.values()))).all()


def test_discrete_actions_are_refused() -> None:
    with pytest.raises(ConfigError, match="agent 'naf' chooses continuous actions, those of 'toy' are discrete"):
        agent_of(plain_layout(3), "naf")
