# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The planner on a linear system with quadratic cost, whose optimum is known in closed form."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from learners import make_agent, mock_step, small_settings
from planners import start_at, state_at
from torch import Tensor

from ros_rl.planning.plan import WORST
from ros_rl.planning.planner import Planner
from ros_rl.planning.world import StateWorld

WIDE = {"task": {"bound": 100.0}}
"""No termination, so that the problem is linear-quadratic."""


def planner_of(
    predict: Callable[..., Tensor] | None = None, members: int = 1, delay: int = 1, **agent: Any
) -> Planner[StateWorld]:
    """A planner on the mock robot's exact dynamics, without discount, smoothing or terminal value."""
    torch.manual_seed(0)
    values = {"gamma": 1.0, "smoothing": 0.0} | agent
    chosen = {"agent": values | {"model": {"members": members}}, "control": {"delay": delay}}
    settings = small_settings("mock_point", WIDE, chosen)
    planner = make_agent(settings).graph.planner
    planner.world.model.predict = predict or (lambda state, last, action: mock_step(state, action))
    with torch.no_grad():
        for parameter in [*planner.world.critics.net.net[-1].parameters()]:
            parameter.zero_()
    return planner.requires_grad_(False)


def noise_for(planner: Planner, seed: int = 0) -> Tensor:
    return torch.randn(planner.noise_shape, generator=torch.Generator().manual_seed(seed))


def true_return(state: Tensor, actions: Tensor) -> float:
    """Sum of -|position|^2 - 0.01 |u|^2 along a sequence (horizon, actions)."""
    total = 0.0
    for action in actions:
        state = mock_step(state, action)
        total -= float((state[:2] ** 2).sum() + 0.01 * (action**2).sum())
    return total


def optimum(state: Tensor, horizon: int) -> tuple[Tensor, float]:
    """The best sequence of the unconstrained linear-quadratic problem, by least squares."""
    size = 2 * horizon

    def positions(start: Tensor, flat: Tensor) -> Tensor:
        parts = []
        for action in flat.reshape(horizon, 2):
            start = mock_step(start, action)
            parts.append(start[:2])
        return torch.cat(parts)

    state = state.double()
    offset = positions(state, torch.zeros(size).double())
    columns = [positions(state * 0, row) for row in torch.eye(size).double()]
    matrix = torch.cat([torch.stack(columns, 1), 0.1 * torch.eye(size).double()])
    actions = torch.linalg.lstsq(matrix, -torch.cat([offset, torch.zeros(size).double()])).solution.reshape(horizon, 2)
    return actions, true_return(state, actions)


def test_close_to_the_closed_form_optimum() -> None:
    settings = {"horizon": 5, "samples": 600, "proposals": 4, "iterations": 8, "elites": 60}
    planner = planner_of(planner=settings | {"std_min": 0.0, "temperature": 1.0})
    for state in ([0.05, -0.03, 0.0, 0.1], [-0.02, 0.06, -0.1, 0.0]):
        actions, best = optimum(torch.tensor(state), 5)
        assert actions.abs().max() < 0.95  # the bounds are not active, or the closed form would not hold
        plan = planner.plan(state_at(state), noise_for(planner))
        reached = true_return(torch.tensor(state), plan.mean)
        assert best >= reached > best * 1.001
        torch.testing.assert_close(plan.mean[0], actions[0].float(), rtol=0.0, atol=0.03)


def test_better_than_random_shooting_at_equal_samples() -> None:
    planner = planner_of(planner={"horizon": 5, "samples": 64, "proposals": 4, "iterations": 3, "elites": 12})
    scored = 3 * 64
    generator = torch.Generator().manual_seed(0)
    gaps = []
    for seed in range(10):
        state = (torch.rand(4, generator=generator) - 0.5) * 0.4
        plan = planner.plan(state_at(state.tolist()), noise_for(planner, seed))
        random = 2 * torch.rand(scored, 5, 2, generator=generator) - 1
        shot = random[planner.score(start_at(state.tolist()), random).argmax()]
        gaps.append(true_return(state, plan.mean) - true_return(state, shot))
    assert np.mean(gaps) > 0
    assert np.mean(np.array(gaps) > 0) >= 0.8


def test_more_samples_and_iterations_are_not_worse() -> None:
    means = []
    for samples, iterations in ((16, 1), (64, 2), (256, 4)):
        settings = {"horizon": 5, "samples": samples, "proposals": 4, "iterations": iterations, "elites": samples // 8}
        planner = planner_of(planner=settings)
        generator = torch.Generator().manual_seed(1)
        states = [(torch.rand(4, generator=generator) - 0.5) * 0.4 for _ in range(12)]
        plans = [planner.plan(state_at(s.tolist()), noise_for(planner, i)) for i, s in enumerate(states)]
        means.append(np.mean([true_return(s, plan.mean) for s, plan in zip(states, plans, strict=True)]))
    assert means[0] < means[1] < means[2]


def test_score_is_the_true_return() -> None:
    planner = planner_of(planner={"horizon": 4})
    candidates = 2 * torch.rand(20, 4, 2) - 1
    state = [0.3, -0.2, 0.5, 0.1]
    expected = [true_return(torch.tensor(state), candidate) for candidate in candidates]
    torch.testing.assert_close(planner.score(start_at(state), candidates), torch.tensor(expected), rtol=1e-5, atol=1e-6)


def test_discount_smoothing_and_terminal_value_by_hand() -> None:
    planner = planner_of(planner={"horizon": 2}, gamma=0.5, smoothing=0.25)
    with torch.no_grad():
        planner.world.critics.net.net[-1].bias[0] = 8.0  # critics answer 8 and 10 everywhere: the smallest counts
        planner.world.critics.net.net[-1].bias[1] = 10.0
    state, candidate = torch.tensor([0.3, -0.2, 0.5, 0.1]), torch.tensor([[0.8, -0.4], [0.0, 1.0]])
    last = torch.tensor([0.4, 0.4])
    first = 0.75 * candidate[0] + 0.25 * last
    second = 0.75 * candidate[1] + 0.25 * first
    one = mock_step(state, first)
    two = mock_step(one, second)
    rewards = [-(s[:2] ** 2).sum() - 0.01 * (u**2).sum() for s, u in ((one, first), (two, second))]
    expected = rewards[0] + 0.5 * rewards[1] + 0.25 * 8.0
    score = planner.score(start_at(state, 1, last), candidate[None])
    torch.testing.assert_close(score[0], expected)


def test_returns_of_all_depths_by_hand() -> None:
    """The mean of what the same planner finds with horizons of 1, 2 and 3; ends stay ends."""
    candidates = 2 * torch.rand(6, 3, 2, generator=torch.Generator().manual_seed(0)) - 1

    def valuing(horizon: int, depths: str) -> Planner:
        planner = planner_of(planner={"horizon": horizon, "depths": depths}, gamma=0.5)
        for parameter in planner.world.critics.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
        return planner

    for state in ([0.3, -0.2, 0.5, 0.1], [1.41, 1.41, 1.0, 1.0]):  # the second is about to leave the bound
        scores = []
        for horizon in (1, 2, 3):
            scores.append(valuing(horizon, "last").score(start_at(state), candidates[:, :horizon]))
        found = valuing(3, "all").score(start_at(state), candidates)
        torch.testing.assert_close(found, torch.stack(scores).mean(0))
    assert not torch.allclose(scores[0], scores[2])


def test_termination_ends_rewards_and_the_terminal_value() -> None:
    torch.manual_seed(0)
    settings = small_settings("mock_point", {"agent": {"gamma": 1.0, "smoothing": 0.0, "planner": {"horizon": 3}}})
    planner = make_agent(settings).graph.planner.requires_grad_(False)
    planner.world.model.predict = lambda state, last, action: mock_step(state, action)
    planner.world.critics.net.net[-1].weight.zero_()
    planner.world.critics.net.net[-1].bias.fill_(7.0)
    outwards, inwards = torch.ones(3, 2), -torch.ones(3, 2)
    state = torch.tensor([1.41, 1.41, 1.0, 1.0])  # 0.006 within the bound of 2, moving outwards
    following = mock_step(state, outwards[0])
    assert (following[:2] ** 2).sum() > 4.0
    score = planner.score(start_at(state, 3), torch.stack([outwards, inwards]))
    torch.testing.assert_close(score[0], -(following[:2] ** 2).sum() - 0.02)
    safe = torch.tensor([0.5, 0.5, 0.0, 0.0])
    score = planner.score(start_at(safe, 3), inwards[None])
    assert score[0].item() == pytest.approx(true_return(safe, inwards) + 7.0, rel=1e-5)


def test_plans_stay_within_the_bounds() -> None:
    planner = planner_of(planner={"horizon": 3, "samples": 64, "iterations": 3, "std_init": 2.0, "elites": 8})
    seen = []
    score = planner.score
    planner.score = lambda start, candidates: (seen.append(candidates), score(start, candidates))[1]
    for seed in range(5):  # far away: the optimum lies at the bounds
        plan = planner.plan(state_at([9.0, -9.0, 0.0, 0.0]), noise_for(planner, seed))
        assert plan.mean.abs().max() <= 1.0
        assert plan.mean[0, 0] < -0.8 and plan.mean[0, 1] > 0.8
        assert (plan.std > 0).all() and (plan.std <= 2.0).all()
    assert max(float(candidates.abs().max()) for candidates in seen) == 1.0


def test_same_noise_same_plan() -> None:
    planner = planner_of()
    start = state_at([0.5, 0.5, 0.0, 0.0])
    one, two = (planner.plan(start, noise_for(planner)) for _ in range(2))
    other = planner.plan(start, noise_for(planner, 1))
    assert torch.equal(one.mean, two.mean) and torch.equal(one.std, two.std)
    assert not torch.equal(one.mean, other.mean)


def test_proposals_follow_the_policy() -> None:
    planner = planner_of(planner={"horizon": 3, "proposals": 4, "samples": 8})
    start, noise = state_at([0.5, -0.5, 0.2, 0.0]), torch.randn(4, 3, 2)
    proposals = planner.world.propose(start, noise)
    for row in range(4):
        state, last = start.x[0, 0], torch.zeros(2)
        for step in range(3):
            seen = torch.cat([state * torch.tensor([1.0, 1.0, 0.1, 0.1]), last])
            last = planner.world.policy.act(seen[None], noise[row, step] * (row > 0))[0]
            torch.testing.assert_close(proposals[row, step], last)
            state = mock_step(state, last)


def broken(threshold: float) -> Callable[..., Tensor]:
    """The exact dynamics, but not a number for first actions above the threshold."""

    def predict(state: Tensor, last: Tensor, action: Tensor) -> Tensor:
        following = mock_step(state, action)
        return torch.where(action[..., :1] > threshold, torch.full_like(following, float("nan")), following)

    return predict


def test_a_candidate_that_is_not_a_number_is_the_worst() -> None:
    planner = planner_of(broken(0.5), planner={"horizon": 2, "samples": 64, "proposals": 4, "elites": 8})
    candidates = torch.zeros(3, 2, 2)
    candidates[1, 1, 0] = 0.9
    scores = planner.score(start_at([0.1, 0.1, 0.0, 0.0]), candidates)
    assert scores[1] == WORST and scores[0] == scores[2] > -1.0
    # the way home asks for actions above the threshold: the plan goes as near as it may
    plan = planner.plan(state_at([-5.0, 0.0, 0.0, 0.0]), noise_for(planner))
    assert torch.isfinite(plan.mean).all() and 0.2 < plan.mean[0, 0] <= 0.5
    assert (plan.candidate_returns == WORST).any()


def test_the_member_that_is_not_a_number_counts() -> None:
    def predict(state: Tensor, last: Tensor, action: Tensor) -> Tensor:
        following = mock_step(state, action).clone()
        following[1, 0] = float("inf")  # member 1, candidate 0
        return following

    planner = planner_of(predict, members=3, planner={"horizon": 1})
    scores = planner.score(start_at([0.1, 0.1, 0.0, 0.0], 3), torch.zeros(2, 1, 2))
    assert scores[0] == WORST and scores[1] > -1.0


def test_pessimism_lowers_uncertain_candidates_only() -> None:
    def predict(state: Tensor, last: Tensor, action: Tensor) -> Tensor:
        # two members, which differ where the second action is not zero
        offset = torch.tensor([0.1, -0.1])[:, None] * action[..., 1]
        following = mock_step(state, action).clone()
        following[..., 0] += offset
        return following

    sure, unsure = torch.tensor([[0.5, 0.0]]), torch.tensor([[0.5, 1.0]])
    state = torch.tensor([0.3, 0.2, 0.0, 0.0])
    scores = {}
    for pessimism, objective in ((0.0, "mean"), (2.0, "mean_std")):
        values = {"horizon": 1, "objective": objective, "pessimism": pessimism}
        planner = planner_of(predict, members=2, planner=values)
        scores[pessimism] = planner.score(start_at(state.tolist(), 2), torch.stack([sure, unsure]))
    assert scores[2.0][0] == pytest.approx(scores[0.0][0].item(), abs=1e-6)
    following = mock_step(state, unsure[0])
    returns = [float(-((following[0] + o) ** 2) - following[1] ** 2 - 0.0125) for o in (0.1, -0.1)]
    assert scores[0.0][1].item() == pytest.approx(np.mean(returns), abs=1e-6)
    assert scores[2.0][1].item() == pytest.approx(np.mean(returns) - 2 * np.std(returns, ddof=1), abs=1e-6)


def test_start_rolls_through_the_pending_actions() -> None:
    seen: list[tuple[Tensor, Tensor]] = []

    def predict(state: Tensor, last: Tensor, action: Tensor) -> Tensor:
        seen.append((last[0, 0], action[0, 0]))
        return mock_step(state, action)

    state, last, pending = torch.tensor([0.1, -0.2, 0.3, 0.4]), torch.rand(2), torch.rand(3, 2)
    for count in range(4):
        planner = planner_of(predict, members=2, delay=count)
        seen.clear()
        start = planner.world.start(torch.cat([state, last, pending[:count].reshape(-1)]))
        expected = state
        for action in pending[:count]:
            expected = mock_step(expected, action)
        torch.testing.assert_close(start.x, expected.expand(2, 1, 4))
        actions = [last, *pending[:count]]
        assert torch.equal(start.last_action[0], actions[-1])
        assert all(torch.equal(a, actions[i]) and torch.equal(b, actions[i + 1]) for i, (a, b) in enumerate(seen))
        assert len(seen) == count
