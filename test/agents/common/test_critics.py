# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""`Critics.update` against the Bellman equation, with critics that are straight lines, so that all is done by hand."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from value_agents import agent_of, plain_layout, random_samples

from ros_rl.agents.common.critics import Critics, figures
from ros_rl.agents.common.samples import Samples
from ros_rl.networks.layers import BatchedBatchNorm
from ros_rl.settings.critics import TargetRule

RATE = 0.1
LINES = [[1.0, 2.0, 0.0], [2.0, -1.0, 0.5]]
SLOWER = [[3.0, 0.5, 1.0], [0.5, 2.0, -1.0]]
OBS, ACTION, NEXT, CHOSEN = [1.0, -2.0, 0.5, 3.0], [0.2, 0.4, -0.6, -1.0], [2.0, 1.0, -1.0, 0.5], [0.5, -0.5, 1.0, 0.0]
REWARD, ENDED, DISCOUNT, WEIGHT = (
    [1.0, 2.0, -1.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [0.9, 0.9, 0.81, 0.5],
    [1.0, 0.5, 2.0, 0.1],
)
COST = [0.1, 0.7, -0.2, 0.3]


class Lines(nn.Module):
    """Q(o, u) = a o + b u + c of several critics; with `batch`, o is first normalised by the batch's statistics."""

    def __init__(self, values: Sequence[Sequence[float]], batch: bool = False) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.tensor(values, dtype=torch.float32))
        self.norm = BatchedBatchNorm(len(values), 1) if batch else None
        self.asked: list[int] = []

    def forward(self, obs: Tensor, action: Tensor) -> Tensor:
        self.asked.append(len(obs))
        seen = obs[None] if self.norm is None else self.norm(obs[None])
        a, b, c = (part[:, None] for part in self.values.T)
        return a * seen[..., 0] + b * action[:, 0] + c


def column(values: Sequence[float]) -> Tensor:
    return torch.tensor(values)[:, None]


def samples() -> Samples:
    rest = (torch.tensor(values) for values in (ENDED, DISCOUNT, WEIGHT, [0.0] * len(OBS)))
    return Samples(column(OBS), column(ACTION), torch.tensor(REWARD), column(NEXT), *rest)


def choose(obs: Tensor) -> tuple[Tensor, Tensor]:
    assert obs.flatten().tolist() == NEXT and not torch.is_grad_enabled()
    return column(CHOSEN), torch.tensor(COST)


def critics_of(rule: TargetRule, counted: int = 0, values: Sequence[Sequence[float]] = LINES) -> Critics:
    """Critics whose step is one of plain gradient descent."""
    made = Critics(lambda: Lines(values), rule, 1e-3, counted=counted)
    made.optimiser = torch.optim.SGD(made.online.parameters(), RATE)
    return made


def lines(values: Sequence[Sequence[float]], obs: Sequence[float], action: Sequence[float]) -> np.ndarray:
    return np.array([[a * o + b * u + c for o, u in zip(obs, action, strict=True)] for a, b, c in values])


def targets_by_hand(values: Sequence[Sequence[float]]) -> np.ndarray:
    """r + discount (min Q(o', u') - cost), without what follows where the task ended."""
    smallest = lines(values, NEXT, CHOSEN).min(0)
    return np.array([
        r if ended else r + discount * (value - cost)
        for r, ended, discount, value, cost in zip(REWARD, ENDED, DISCOUNT, smallest, COST, strict=True)
    ])  # fmt: skip


def stepped_by_hand(values: Sequence[Sequence[float]], target: np.ndarray) -> np.ndarray:
    """One step down the mean over the batch of weight x (Q - target)^2, each critic by itself."""
    found = []
    for line, q in zip(values, lines(values, OBS, ACTION), strict=True):
        slope = 2.0 * np.array(WEIGHT) * (q - target) / len(q)
        gradient = [(slope * OBS).sum(), (slope * ACTION).sum(), slope.sum()]
        found.append(np.array(line) - RATE * np.array(gradient))
    return np.array(found)


@pytest.mark.parametrize("kind", ["none", "hard", "polyak"])
def test_update_is_a_step_on_the_weighted_bellman_error(kind: str) -> None:
    critics = critics_of(TargetRule(kind, every=1, tau=0.25))
    slower = LINES if kind == "none" else SLOWER
    if kind != "none":
        critics.target.values.data = torch.tensor(SLOWER)
    target = targets_by_hand(slower)
    q, found = critics.update(samples(), choose, 0)
    np.testing.assert_allclose(q, lines(LINES, OBS, ACTION), rtol=1e-6)
    np.testing.assert_allclose(found, target, rtol=1e-6)
    assert not q.requires_grad and not found.requires_grad
    stepped = stepped_by_hand(LINES, target)
    np.testing.assert_allclose(critics.online.values.detach(), stepped, rtol=1e-5)
    moved = {"none": stepped, "hard": stepped, "polyak": 0.75 * np.array(SLOWER) + 0.25 * stepped}
    np.testing.assert_allclose(critics.target.values.detach(), moved[kind], rtol=1e-5)
    assert figures(q, found) == pytest.approx(
        {"critic_loss": ((lines(LINES, OBS, ACTION) - target) ** 2).mean(), "q_mean": lines(LINES, OBS, ACTION).mean()}
    )


@pytest.mark.parametrize("kind", ["hard", "polyak"])
def test_targets_move_after_every_so_many_updates(kind: str) -> None:
    critics, moves = critics_of(TargetRule(kind, every=3, tau=0.5)), []
    for updates in range(7):
        before = critics.target.values.clone()
        critics.update(samples(), choose, updates)
        moves.append(not torch.equal(critics.target.values, before))
    assert moves == [False, False, True, False, False, True, False]


def test_targets_begin_as_the_critics_and_learn_nothing_themselves() -> None:
    torch.manual_seed(0)
    critics = Critics(lambda: Lines(torch.randn(2, 3).tolist()), TargetRule("polyak", tau=0.5), 1e-3)
    assert torch.equal(critics.target.values, critics.online.values) and critics.target is not critics.online
    assert not critics.target.values.requires_grad and critics.online.values.requires_grad
    assert set(critics.parts()) == {"critics", "critic_optimiser", "target_critics"}
    alone = Critics(lambda: Lines(LINES), TargetRule("none"), 1e-3)
    assert alone.target is alone.online and set(alone.parts()) == {"critics", "critic_optimiser"}


def test_values_of_a_subset_count_drawn_anew_for_each_update() -> None:
    """REDQ: the smallest of two of four, each pair about equally often, and all four learn from it."""
    four = [[0.0, 0.0, c] for c in (1.0, 2.0, 3.0, 4.0)]
    critics, seen = critics_of(TargetRule("hard", every=10_000), 2, four), []
    torch.manual_seed(0)
    for updates in range(600):
        _, target = critics.update(samples(), choose, updates)
        value = (target - torch.tensor(REWARD)) / torch.tensor(DISCOUNT) + torch.tensor(COST)
        assert float(target[1]) == REWARD[1]  # ended
        assert float(value[0]) == pytest.approx(float(value[2]), abs=1e-4)  # one subset for the whole batch
        seen.append(round(float(value[0])))
    shares = np.bincount(seen, minlength=5)[1:] / len(seen)
    np.testing.assert_allclose(shares, [1 / 2, 1 / 3, 1 / 6, 0.0], atol=0.08)  # of the six pairs
    assert (critics.online.values[:, 2].detach() != torch.tensor([1.0, 2.0, 3.0, 4.0])).all()


def test_all_critics_count_unless_it_is_said_how_many() -> None:
    assert critics_of(TargetRule("none")).smallest(torch.tensor([[3.0, 1.0], [2.0, 5.0]])).tolist() == [2.0, 1.0]
    one = critics_of(TargetRule("none"), counted=1)
    torch.manual_seed(1)
    drawn = {tuple(one.smallest(torch.tensor([[3.0, 1.0], [2.0, 5.0]])).tolist()) for _ in range(40)}
    assert drawn == {(3.0, 1.0), (2.0, 5.0)}  # a critic's own row, never a mixture


def test_without_target_critics_a_batchs_own_statistics_are_those_of_now_and_next_together() -> None:
    """CrossQ: one pass over both halves; the first are values, the second, without gradient, make the targets."""
    critics = Critics(lambda: Lines(LINES, batch=True), TargetRule("none"), 1e-3)
    critics.optimiser = torch.optim.SGD([critics.online.values], RATE)
    assert critics.by_batch
    both = np.array(OBS + NEXT)
    now, following = np.split((both - both.mean()) / np.sqrt(both.var() + 1e-3), 2)
    next_q = lines(LINES, following, CHOSEN).min(0)
    target = np.array(REWARD) + (1 - np.array(ENDED)) * DISCOUNT * (next_q - COST)
    q, found = critics.update(samples(), choose, 0)
    assert critics.online.asked == [8]
    np.testing.assert_allclose(q, lines(LINES, now, ACTION), rtol=1e-5)
    np.testing.assert_allclose(found, target, rtol=1e-5)
    for new, line, each in zip(critics.online.values.detach(), LINES, lines(LINES, now, ACTION), strict=True):
        slope = 2.0 * np.array(WEIGHT) * (each - target) / 4
        gradient = [(slope * now).sum(), (slope * ACTION).sum(), slope.sum()]
        np.testing.assert_allclose(new, np.array(line) - RATE * np.array(gradient), rtol=1e-4)


def test_target_critics_are_normalised_by_now_and_next_together_too() -> None:
    critics = Critics(lambda: Lines(LINES, batch=True), TargetRule("polyak", tau=0.5), 1e-3)
    critics.optimiser = torch.optim.SGD([critics.online.values], RATE)
    critics.target.values.data = torch.tensor(SLOWER)
    both = np.array(OBS + NEXT)
    now, following = np.split((both - both.mean()) / np.sqrt(both.var() + 1e-3), 2)
    next_q = lines(SLOWER, following, CHOSEN).min(0)
    target = np.array(REWARD) + (1 - np.array(ENDED)) * DISCOUNT * (next_q - COST)
    q, found = critics.update(samples(), choose, 0)
    assert critics.online.asked == critics.target.asked == [8]
    np.testing.assert_allclose(q, lines(LINES, now, ACTION), rtol=1e-5)
    np.testing.assert_allclose(found, target, rtol=1e-5)
    moved = 0.5 * np.array(SLOWER) + 0.5 * critics.online.values.detach().numpy()
    np.testing.assert_allclose(critics.target.values, moved, rtol=1e-5)


def test_with_target_critics_both_passes_are_apart() -> None:
    critics = critics_of(TargetRule("hard", every=5))
    critics.update(samples(), choose, 0)
    assert critics.online.asked == [4] and critics.target.asked == [4] and not critics.by_batch
    alone = critics_of(TargetRule("none"))
    alone.update(samples(), choose, 0)
    assert alone.online.asked == [4, 4]  # there are no statistics that both would have to share


def test_frozen_critics_hold_the_newest_weights_and_take_no_gradient() -> None:
    critics = critics_of(TargetRule("none"))
    for updates in range(2):
        critics.update(samples(), choose, updates)
        action = column(ACTION).requires_grad_(True)
        value = critics.frozen()(column(OBS), action)
        np.testing.assert_allclose(value.detach(), critics.online(column(OBS), column(ACTION)).detach())
        (gradient,) = torch.autograd.grad(value.sum(), action)
        assert gradient[0, 0].item() == pytest.approx(critics.online.values[:, 1].sum().item())
    assert critics.frozen(1)(column(OBS), column(ACTION)).shape == (1, 4)
    assert not any(parameter.requires_grad for parameter in critics.frozen().parameters())


def test_frozen_critics_drop_units_and_take_no_statistics() -> None:
    """A policy's batch is no sample of what the critics' statistics are of; dropout stays, as in DroQ."""
    assert critics_of(TargetRule("none")).frozen().training
    critics = Critics(lambda: Lines(LINES, batch=True), TargetRule("none"), 1e-3)
    frozen = critics.frozen()
    assert not frozen.training and critics.online.training
    running = critics.online.norm.mean.clone()
    frozen(column(OBS), column(ACTION))
    assert torch.equal(frozen.norm.mean, running)


@pytest.mark.parametrize("counted", [0, 2])
def test_settings_say_how_many_critics_count(counted: int) -> None:
    agent = agent_of(plain_layout(), "sac", critics=3, target_critics=counted, learning_rate=0.02, beta1=0.5)
    q = torch.tensor([[3.0], [2.0], [1.0]])
    torch.manual_seed(0)
    seen = {float(agent.critics.smallest(q)) for _ in range(60)}
    assert seen == ({1.0, 2.0} if counted else {1.0})
    group = agent.critics.optimiser.param_groups[0]
    assert (group["lr"], group["betas"][0]) == (0.02, 0.5)


def squashed(agent: object, obs: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """An action of SAC's policy and its log-probability, by torch's distributions."""
    mean, log_std = agent.policy(obs)
    normal = torch.distributions.Normal(mean, log_std.exp())
    raw = mean + log_std.exp() * noise
    action = torch.tanh(raw)
    return action, (normal.log_prob(raw) - torch.log(1.0 - action**2)).sum(-1)


def test_sac_targets_gain_the_entropy() -> None:
    """r + gamma (min Q(o', u') - alpha log pi(u')): an unlikely action is worth more."""
    agent, batch = agent_of(plain_layout(), "sac", initial_alpha=0.4), random_samples(plain_layout())
    torch.manual_seed(7)
    noise = torch.randn(6, 2)
    with torch.no_grad():
        action, log_probability = squashed(agent, batch.next_obs, noise)
        value = agent.critics.target(batch.next_obs, action).min(0).values - 0.4 * log_probability
    torch.manual_seed(7)
    _, target = agent.update_critics(batch)
    torch.testing.assert_close(target, batch.reward + batch.discount * (1 - batch.terminated) * value)
    assert float(target[0]) == pytest.approx(float(batch.reward[0]))  # it terminated


def test_td3_targets_hold_the_target_policy_and_no_entropy() -> None:
    agent, batch = agent_of(plain_layout(), "td3", target_noise=0.0), random_samples(plain_layout())
    with torch.no_grad():
        for parameter in agent.target_policy.parameters():
            parameter.add_(0.3)
        action = torch.tanh(agent.target_policy.net(batch.next_obs[None])[0])
        value = agent.critics.target(batch.next_obs, action).min(0).values
    _, target = agent.update_critics(batch)
    torch.testing.assert_close(target, batch.reward + batch.discount * (1 - batch.terminated) * value)


@pytest.mark.parametrize(("name", "actions"), [("sac", 2), ("sac", 3)])
def test_target_entropy_is_per_action(name: str, actions: int) -> None:
    agent = agent_of(plain_layout(actions=actions), name, target_entropy=-0.5, initial_alpha=0.4)
    temperature = agent.soft.temperature
    assert float(temperature.alpha) == pytest.approx(0.4)
    for entropy, sign in ((-0.5 * actions - 0.1, 1), (-0.5 * actions + 0.1, -1)):
        before = math.log(float(temperature.alpha))
        temperature.optimiser.state.clear()
        agent.soft.follow(torch.tensor(entropy))
        assert np.sign(math.log(float(temperature.alpha)) - before) == sign
