# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Deep Q-learning: its targets by hand, exploration by counting, its graph, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
import torch
from value_agents import agent_of, check_resume, fill, largest_difference, plain_layout, random_samples, settings_of

from ros_rl.agents.dqn import DqnAgent, margin_slope
from ros_rl.agents.factory import make_agent
from ros_rl.agents.random import RandomGraph
from ros_rl.deploy.export import ExportedGraph
from ros_rl.errors import ConfigError
from ros_rl.training.training_loop import TrainingLoop

CHOICES = 4
LAYOUT = plain_layout(CHOICES)
NOISE = torch.randn(4000, 2 + CHOICES, generator=torch.Generator().manual_seed(3))


def with_tables(online: list[float], target: list[float], bootstrap: str, **more: Any) -> DqnAgent:
    """An agent whose networks give the same values for every observation."""
    agent = agent_of(LAYOUT, "dqn", bootstrap=bootstrap, **more)
    for network, values in ((agent.critics.online, online), (agent.critics.target, target)):
        with torch.no_grad():
            network.net.net[-1].weight.zero_()
            network.net.net[-1].bias[:] = torch.tensor(values)
    return agent


@pytest.mark.parametrize(
    ("bootstrap", "value"),
    # online prefers action 2, target action 1
    [("same", 4.0), ("double", 0.5), ("inverse_double", -1.0)],
)
def test_targets_by_hand(bootstrap: str, value: float) -> None:
    agent = with_tables([0.0, -1.0, 3.0, 1.0], [2.0, 4.0, 0.5, 1.0], bootstrap)
    samples = random_samples(LAYOUT)
    q, target = agent.update_critics(samples)
    expected = samples.reward + samples.discount * value
    expected[0] = samples.reward[0]  # terminated
    torch.testing.assert_close(target, expected)
    table = torch.tensor([0.0, -1.0, 3.0, 1.0])
    torch.testing.assert_close(q[0], table[samples.action[:, 0].long()])


def test_without_targets_it_is_q_learning() -> None:
    agent = agent_of(LAYOUT, "dqn", bootstrap="same", targets="none")
    samples = random_samples(LAYOUT)
    with torch.no_grad():
        best = agent.critics.online(samples.next_obs)[0].max(-1).values
    _, target = agent.update_critics(samples)
    torch.testing.assert_close(target, samples.reward + samples.discount * (1 - samples.terminated) * best)
    assert "target_critics" not in agent.parts()


def test_of_several_critics_the_smallest_counts() -> None:
    agent = agent_of(LAYOUT, "dqn", critics=3, normalisation="layer")
    samples = random_samples(LAYOUT)
    with torch.no_grad():
        agent.critics.target.net.net[-1].bias.normal_()
        best = agent.critics.online(samples.next_obs).mean(0).argmax(-1)
        values = agent.critics.target(samples.next_obs)
    expected = torch.tensor([min(values[c, row, best[row]].item() for c in range(3)) for row in range(len(best))])
    _, target = agent.update_critics(samples)
    torch.testing.assert_close(target, samples.reward + samples.discount * (1 - samples.terminated) * expected)


def test_the_slope_of_the_margin_is_that_of_its_loss() -> None:
    g = torch.Generator().manual_seed(0)
    values = torch.randn(2, 50, CHOICES, generator=g, dtype=torch.float64, requires_grad=True)
    taken = torch.randint(CHOICES, (2, 50, 1), generator=g)
    others = 0.8 * (1.0 - torch.nn.functional.one_hot(taken[..., 0], CHOICES))
    loss = (values + others).max(-1).values - values.gather(-1, taken)[..., 0]
    (gradient,) = torch.autograd.grad(loss.sum(), values)
    torch.testing.assert_close(margin_slope(values.detach(), taken, 0.8), gradient)


def test_the_margin_is_of_what_was_shown_alone() -> None:
    tables = [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]
    agent = with_tables(*tables, "same", margin=1.0)
    samples = random_samples(LAYOUT)
    samples.reward, samples.discount = torch.zeros(6), torch.zeros(6)
    samples.action, samples.weight = torch.tensor([[0.0], [0.0], [1.0], [1.0], [2.0], [2.0]]), torch.ones(6)
    samples.shown = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    gradients = []
    agent.critics.optimiser.step = lambda: gradients.append(agent.critics.online.net.net[-1].bias.grad[0, 0].clone())
    agent.update_critics(samples)
    bellman = torch.tensor([0.0, 2.0, 0.0, 0.0])  # twice the error of 0.5, in two samples
    margin = torch.tensor([-1.0, 1.0, 0.0, 0.0])  # action 0 was shown, action 1 has the larger value
    torch.testing.assert_close(gradients[0], (bellman + margin) / 6)


@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_only_the_taken_action_learns_and_by_its_loss(loss: str) -> None:
    agent = with_tables([0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], "same", loss=loss)
    samples = random_samples(LAYOUT)
    samples.reward = torch.tensor([3.0, -0.5, 2.0, 0.2, -4.0, 0.1])
    gradients = []
    agent.critics.optimiser.step = lambda: gradients.append(agent.critics.online.net.net[-1].bias.grad[0, 0].clone())
    agent.update_critics(samples)
    expected = torch.zeros(CHOICES)
    for row in range(6):
        error = -float(samples.reward[row])  # all values are zero
        slope = 2 * error if loss == "squared" else max(-1.0, min(1.0, error))
        expected[int(samples.action[row, 0])] += samples.weight[row] * slope / 6
    torch.testing.assert_close(gradients[0], expected)


def test_hard_targets_are_copied_every_few_updates() -> None:
    agent = agent_of(LAYOUT, "dqn", targets="hard", copy_every=3)
    training = TrainingLoop(settings_of("dqn"), LAYOUT)
    fill(training, 40)
    same = []
    for step in range(6):
        agent.train(training.replay, step)
        pairs = zip(agent.critics.online.parameters(), agent.critics.target.parameters(), strict=True)
        same.append(all(torch.equal(a, b) for a, b in pairs))
    assert same == [False, False, True, False, False, True]


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_explores_as_often_as_epsilon_says(epsilon: float) -> None:
    agent = with_tables([0.0, 5.0, 1.0, 2.0], [0.0] * CHOICES, "double")
    agent.graph.epsilon.fill_(epsilon)
    noise = torch.randn(20_000, 2)
    with torch.no_grad():
        action = agent.graph.choose(torch.zeros(20_000, 3), noise)
    share = torch.bincount(action[:, 0].long(), minlength=CHOICES) / len(noise)
    expected = torch.full((CHOICES,), epsilon / CHOICES)
    expected[1] += 1 - epsilon
    torch.testing.assert_close(share, expected, atol=0.015, rtol=0)  # four deviations of a share


@pytest.mark.parametrize("explore", [0.0, 1.0])
def test_a_temperature_draws_actions_by_their_values(explore: float) -> None:
    """Shares against exp(Q / T), counted, whether it explores or not."""
    table = [0.0, 1.0, 0.5, -1.0]
    agent = with_tables(table, table, "double", temperature=0.5)
    agent.graph.epsilon.fill_(0.0)
    assert agent.graph.noise_shape == [2 + CHOICES]
    with torch.no_grad():
        drawn = [agent.graph.act(torch.zeros(3), torch.zeros(0), n, torch.full((1,), explore))[0] for n in NOISE]
    share = torch.bincount(torch.cat(drawn).long(), minlength=CHOICES) / len(NOISE)
    torch.testing.assert_close(share, torch.softmax(torch.tensor(table) / 0.5, 0), atol=0.03, rtol=0)


def test_random_actions_persist_for_geometric_times() -> None:
    """Their mean length is 1 / (1 - p); a chain of two states tells how often any is on."""
    agent = with_tables([0.0, 5.0, 1.0, 2.0], [0.0] * CHOICES, "double", epsilon_persists=0.75)
    agent.graph.epsilon.fill_(0.2)
    carry, observation = torch.tensor(agent.graph.carry), torch.zeros(LAYOUT.size)
    noise = torch.randn(20_000, *agent.graph.noise_shape, generator=torch.Generator().manual_seed(3))
    acted, held = [], []
    for row in noise:
        action, carry = agent.graph.act(observation, carry, row, torch.ones(1))
        acted.append(int(action))
        held.append(int(carry))
    random = torch.tensor(held) >= 0
    assert float(random.float().mean()) == pytest.approx(0.2 / (0.2 + 0.8 * 0.25), abs=0.02)
    assert all(one == other for one, other in zip(acted, held, strict=True) if other >= 0)
    assert all(one == 1 for one, other in zip(acted, held, strict=True) if other < 0)
    runs = torch.tensor(held)[1:][random[1:]]
    before = torch.tensor(held)[:-1][random[1:]]
    same = float((runs == before).float().mean())
    assert same == pytest.approx(0.75 + 0.25 * 0.2 / CHOICES, abs=0.02)


def test_what_persists_is_forgotten_when_evaluated() -> None:
    agent = with_tables([0.0, 5.0, 1.0, 2.0], [0.0] * CHOICES, "double", epsilon_persists=0.99)
    for row in torch.randn(50, *agent.graph.noise_shape):
        action, carry = agent.graph.act(torch.zeros(LAYOUT.size), torch.tensor([3.0]), row, torch.zeros(1))
        assert int(action) == 1 and float(carry) == -1.0


def test_is_greedy_when_evaluated_whatever_epsilon() -> None:
    agent = with_tables([0.0, 5.0, 1.0, 2.0], [0.0] * CHOICES, "double")
    for _ in range(50):
        action, _ = agent.graph.act(torch.randn(3), torch.zeros(0), 5 * torch.randn(2), torch.zeros(1))
        assert action.tolist() == [1.0]


def test_epsilon_follows_environment_steps() -> None:
    training = TrainingLoop(settings_of("dqn"), LAYOUT)
    fill(training, 40)
    agent = agent_of(LAYOUT, "dqn", epsilon_start=0.8, epsilon_end=0.2, epsilon_steps=100)
    for step, expected in ((0, 0.8), (50, 0.5), (100, 0.2), (1000, 0.2)):
        assert agent.train(training.replay, step)["epsilon"] == pytest.approx(expected)
        assert float(agent.graph.epsilon) == pytest.approx(expected)


@pytest.mark.parametrize("explore", [0.0, 1.0])
@pytest.mark.parametrize("persists", [0.0, 0.8])
def test_exported_graph_decides_alike_and_takes_new_weights_and_epsilon(explore: float, persists: float) -> None:
    agent = agent_of(LAYOUT, "dqn", critics=2, normalisation="layer", epsilon_persists=persists)
    exported = ExportedGraph(agent.graph, "toy", 0.05)
    for epsilon in (0.5, 0.1):
        with torch.no_grad():
            agent.graph.epsilon.fill_(epsilon)
            agent.critics.online.net.net[-1].weight.normal_()
        assert largest_difference(agent.graph, exported, explore, 60) == 0.0


def test_random_actions_of_a_discrete_layout_are_all_alike() -> None:
    graph = RandomGraph(LAYOUT, 0.0)
    exported = ExportedGraph(graph, "toy", 0.05)
    assert largest_difference(graph, exported, 1.0) == 0.0
    noise = torch.randn(8000, 1)
    drawn = graph.act(torch.zeros(3), torch.zeros(0), noise, torch.ones(1))[0][:, 0]
    share = torch.bincount(drawn.long(), minlength=CHOICES) / len(noise)
    torch.testing.assert_close(share, torch.full((CHOICES,), 0.25), atol=0.02, rtol=0)


@pytest.mark.parametrize("targets", ["none", "hard", "polyak"])
def test_resumes_where_it_stopped(targets: str, tmp_path: Path) -> None:
    bootstrap = "same" if targets == "none" else "double"
    check_resume(settings_of("dqn", targets=targets, bootstrap=bootstrap), LAYOUT, tmp_path)


def test_a_resumed_run_explores_as_before() -> None:
    agent, other = (agent_of(LAYOUT, "dqn", epsilon_steps=100) for _ in range(2))
    agent.graph.epsilon.fill_(0.125)
    for name, tensor in other.tensors().items():
        tensor.copy_(agent.tensors()[name])
    assert float(other.graph.epsilon) == 0.125


def test_learns_the_values_of_a_bandit() -> None:
    """Every transition terminates, so values are mean rewards: of action a it is a / 10."""
    agent = agent_of(LAYOUT, "dqn", learning_rate=1e-2, hidden=16)
    samples = random_samples(LAYOUT, 64)
    samples.terminated.fill_(1.0)
    samples.reward = samples.action[:, 0] / 10
    for _ in range(300):
        agent.update_critics(samples)
    with torch.no_grad():
        values = agent.critics.online(samples.obs)[0].mean(0)
    torch.testing.assert_close(values, torch.arange(CHOICES) / 10, atol=0.05, rtol=0)


def test_kinds_of_actions_are_not_mixed() -> None:
    with pytest.raises(ConfigError, match="agent 'dqn' chooses discrete actions, those of 'toy' are continuous"):
        make_agent(plain_layout(), settings_of("dqn"))
    for name in ("sac", "td3", "ddpg"):
        with pytest.raises(ConfigError, match=f"agent '{name}' chooses continuous actions, those of 'toy' are disc"):
            make_agent(LAYOUT, settings_of(name))


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="agent.bootstrap 'double' needs target critics"):
        settings_of("dqn", targets="none")
    with pytest.raises(ConfigError, match="smoothing"):
        settings_of("dqn", smoothing=0.3)
    with pytest.raises(ConfigError, match="agent.gamma is 0.0"):
        settings_of("dqn", gamma=0.0)
