# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How particles move through the ensemble, what is made of their returns, and what the telemetry says of both."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from learners import mock_step
from planners import LinearModel, linear_planner, rollout_by, start_at, state_at
from torch import Tensor

from ros_rl.planning.assessment import assess
from ros_rl.planning.objective import evaluate
from ros_rl.planning.plan import WORST, Rollout
from ros_rl.planning.propagation import Expectation, FixedMember, RandomMember, SharedMembers
from ros_rl.settings.planner import PlannerSettings

DRIFT = [[0.01, 0.0, 0.0, 0.0], [0.0, 0.02, 0.0, 0.0], [-0.03, 0.0, 0.0, 0.0]]
STATE = [0.1, -0.2, 0.3, 0.0]


def sequences(count: int = 4, horizon: int = 3) -> Tensor:
    return 2 * torch.rand(count, horizon, 2, generator=torch.Generator().manual_seed(0)) - 1


def by_hand(actions: Tensor, drifts: Tensor) -> Tensor:
    """States after each step, (horizon, 4), with one drift per step."""
    state, found = torch.tensor(STATE), []
    for action, drift in zip(actions, drifts, strict=True):
        state = mock_step(state, action) + drift
        found.append(state)
    return torch.stack(found)


def test_a_fixed_member_is_followed_throughout() -> None:
    planner, candidates = linear_planner(DRIFT, horizon=3), sequences()
    _, states = rollout_by(FixedMember, planner, start_at(STATE, 3), candidates)
    for member in range(3):
        for index, candidate in enumerate(candidates):
            expected = by_hand(candidate, torch.tensor(DRIFT[member]).expand(3, 4))
            torch.testing.assert_close(torch.stack([s[member, index] for s in states]), expected)


def test_random_members_are_dealt_out_by_the_noise_at_each_step() -> None:
    planner, candidates = linear_planner(DRIFT, horizon=3, propagation="random_member"), sequences()
    assert planner.noise_shape == [planner.sampled + 2, 3, 2]  # three numbers per step, two in a row
    seen = np.zeros((3, 3))
    generator = torch.Generator().manual_seed(1)
    for _ in range(60):
        chance = torch.randn(2, 3, 2, generator=generator)
        start = replace(start_at(STATE, 3), chance=chance)
        _, states = rollout_by(RandomMember, planner, start, candidates[:1])
        # particles in falling order of their numbers go to the members in rising order
        ranks = [np.argsort(np.argsort(-chance[:, step].reshape(-1)[:3].numpy())) for step in range(3)]
        members = np.array(ranks)
        for particle in range(3):
            expected = by_hand(candidates[0], torch.tensor(DRIFT)[members[:, particle]])
            torch.testing.assert_close(torch.stack([s[particle, 0] for s in states]), expected)
            seen[particle] += np.bincount(members[:, particle], minlength=3)
    np.testing.assert_allclose(seen / 180, 1 / 3, atol=0.14)  # four standard errors


def test_the_expectation_is_one_particle() -> None:
    planner, candidates = linear_planner(DRIFT, horizon=3, propagation="expectation"), sequences()
    returns, states = rollout_by(Expectation, planner, start_at(STATE, 3), candidates)
    assert returns.shape == (1, 4)
    mean = torch.tensor(DRIFT).mean(0).expand(3, 4)
    for index, candidate in enumerate(candidates):
        torch.testing.assert_close(torch.stack([s[0, index] for s in states]), by_hand(candidate, mean))


@pytest.mark.parametrize("kind", [FixedMember, RandomMember])
def test_aleatoric_draws_have_the_models_deviation(kind: type[FixedMember]) -> None:
    members = 400
    planner = linear_planner([[0.0] * 4] * members, std=0.1, horizon=2)
    drawn, rows = [], -(-kind(planner.world.model, True).noise_per_step // 2)
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        chance = torch.randn(rows, 2, 2, generator=generator)
        start = replace(start_at([0.0] * 4, members), chance=chance)
        _, states = rollout_by(kind, planner, start, torch.zeros(3, 2, 2), aleatoric=True)
        assert torch.equal(states[1][:, 0], states[1][:, 2])  # equal candidates have equal draws
        drawn.append(torch.stack([s[:, 0] for s in states]).numpy())
    first, second = np.concatenate(drawn, 1)
    np.testing.assert_allclose(first.std(0), 0.1, rtol=0.07)
    a = mock_step(torch.eye(4), torch.zeros(4, 2)).T.numpy()
    variance = 0.01 * (np.eye(4) + a @ a.T)
    np.testing.assert_allclose(second.std(0), np.sqrt(np.diag(variance)), rtol=0.07)
    assert abs(np.corrcoef(first.reshape(-1, 2, 4)[..., 0].T)[0, 1]) < 0.1  # each particle has draws of its own


class Feeling(LinearModel):
    """Feels the action before, too."""

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        mean, std = super().distribution(state, last_action, action)
        return mean + 0.3 * torch.cat([last_action, last_action], -1), std


def test_draws_from_a_model_without_chance_are_its_means() -> None:
    planner, candidates = linear_planner(DRIFT, horizon=3), sequences()
    planner.world.model.__class__ = Feeling
    start = replace(start_at(STATE, 3), chance=torch.randn(6, 3, 2))
    means, _ = rollout_by(FixedMember, planner, start, candidates)
    draws, _ = rollout_by(FixedMember, planner, start, candidates, aleatoric=True)
    assert torch.equal(means, draws)


def rollout_of(returns: list[list[float]], states: np.ndarray | None = None) -> Rollout:
    particles, count = np.shape(returns)
    given = np.zeros((1, particles, count, 2)) if states is None else states
    return Rollout(torch.tensor(returns), list(torch.as_tensor(given, dtype=torch.float32)))


def test_objectives_by_hand() -> None:
    rng = np.random.default_rng(0)
    returns, states = rng.normal(size=(5, 7)), rng.normal(size=(3, 5, 7, 2))
    scale = np.array([0.5, 2.0])
    variance = (states / scale).var(1, ddof=1).sum((0, 2))
    ordered = np.sort(returns, 0)
    cases = [
        ({}, returns.mean(0)),
        ({"objective": "mean_std", "pessimism": 0.7}, returns.mean(0) - 0.7 * returns.std(0, ddof=1)),
        ({"objective": "state_variance", "pessimism": 0.3}, returns.mean(0) - 0.3 * variance),
        ({"objective": "cvar", "cvar_share": 0.4}, ordered[:2].mean(0)),
        ({"objective": "cvar", "cvar_share": 0.05}, ordered[0]),
        ({"objective": "cvar", "cvar_share": 0.41}, ordered[:3].mean(0)),
        ({"objective": "cvar", "cvar_share": 1.0}, returns.mean(0)),
    ]
    rollout = rollout_of(returns.astype(np.float32).tolist(), states)
    for values, expected in cases:
        found = evaluate(
            rollout, PlannerSettings(**values), lambda state: state / torch.tensor(scale, dtype=torch.float32)
        )
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("objective", ["mean", "mean_std", "state_variance", "cvar"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_one_particle_that_is_not_finite_makes_the_candidate_the_worst(objective: str, bad: float) -> None:
    settings = PlannerSettings(objective=objective, pessimism=float(objective in ("mean_std", "state_variance")))
    found = evaluate(rollout_of([[1.0, 2.0], [bad, 3.0], [1.5, 2.0]]), settings, lambda state: state)
    assert found[0] == WORST and found[1] > 1.0


@pytest.mark.parametrize("large", [3e38, 4e9, 1e9, -1e9, -4e9])
def test_a_value_that_nothing_is_worth_is_the_worst(large: float) -> None:
    found = evaluate(rollout_of([[large, 9e8, -9e8]] * 2), PlannerSettings(), lambda state: state)
    assert found.tolist() == pytest.approx([WORST, 9e8, -9e8])


def test_the_assessment_tells_ignorance_from_chance() -> None:
    planner = linear_planner(DRIFT, std=0.2, horizon=2, smoothing=0.5)
    scale = torch.tensor([0.5, 1.0, 2.0, 4.0])
    planner.world.model.inputs.std.copy_(scale)
    plan = sequences(1, 2)[0]
    acting = [0.5 * plan[0], 0.5 * plan[1] + 0.25 * plan[0]]
    found = assess(planner, state_at(STATE, 3), plan)
    states = torch.stack([by_hand(torch.stack(acting), torch.tensor(d).expand(2, 4)) for d in DRIFT]).numpy()
    np.testing.assert_allclose(found.states, states.mean(0), rtol=1e-5)
    spread = (states.std(0) / scale.numpy()) ** 2
    np.testing.assert_allclose(found.epistemic, np.sqrt(spread.mean(-1)), rtol=1e-4)
    np.testing.assert_allclose(found.aleatoric, np.sqrt(((0.2 / scale.numpy()) ** 2).mean()), rtol=1e-5)
    returns = [-(s[:, :2] ** 2).sum() - 0.01 * sum(float((u**2).sum()) for u in acting) for s in states]
    assert found.mean_return.item() == pytest.approx(np.mean(returns), rel=1e-5)
    assert found.return_std.item() == pytest.approx(np.std(returns), rel=1e-4)


def test_aleatoric_parts_are_asked_for_where_the_plan_leads() -> None:
    """Of a model whose deviation is its own state and last action: each step's is that of the step's beginning."""

    class Telling(LinearModel):
        def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
            mean, _ = super().distribution(state, last_action, action)
            return mean, (state[..., :1].abs() + 10 * last_action[..., :1].abs()).expand(mean.shape)

    planner = linear_planner(horizon=3)
    planner.world.model.__class__ = Telling
    plan = sequences(1)[0]
    found = assess(planner, state_at(STATE), plan)
    before = [torch.tensor(STATE), *by_hand(plan, torch.zeros(3, 4))[:2]]
    last = [torch.zeros(2), plan[0], plan[1]]
    expected = [abs(float(s[0])) + 10 * abs(float(u[0])) for s, u in zip(before, last, strict=True)]
    np.testing.assert_allclose(found.aleatoric, expected, rtol=1e-5)


def test_pessimism_over_states_sees_disagreement_that_returns_hide() -> None:
    """Members that drift apart in velocity only, where the reward does not look."""
    drift = [[0.0, 0.0, 0.1, 0.0], [0.0, 0.0, -0.1, 0.0]]
    scores = {}
    for objective in ("mean_std", "state_variance"):
        planner = linear_planner(drift, horizon=1, objective=objective, pessimism=1.0)
        scores[objective] = planner.score(start_at([0.0] * 4, 2), torch.zeros(1, 1, 2)).item()
    assert scores["mean_std"] == pytest.approx(0.0, abs=1e-7)
    assert scores["state_variance"] == pytest.approx(-np.var([0.1, -0.1], ddof=1), rel=1e-5)


@pytest.mark.parametrize("aleatoric", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_shared_candidates_follow_the_members_in_turn(count: int, aleatoric: bool) -> None:
    """Each candidate's return and states are its own member's, as `fixed_member` finds them."""
    planner = linear_planner(DRIFT, std=0.1, horizon=3)
    start = replace(start_at(STATE, 3), chance=torch.randn(6, 3, 2))
    candidates = torch.rand(count, 3, 2) * 2 - 1
    whole = rollout_by(FixedMember, planner, start, candidates, aleatoric)
    shared = rollout_by(SharedMembers, planner, start, candidates, aleatoric)
    member, each = torch.arange(count) % 3, torch.arange(count)
    torch.testing.assert_close(shared[0], whole[0][member, each][None])
    for one, two in zip(shared[1], whole[1], strict=True):
        torch.testing.assert_close(one, two[member, each][None])


def test_shared_candidates_cost_one_member() -> None:
    planner = linear_planner(DRIFT, horizon=2)
    seen = []
    predict = planner.world.model.predict
    planner.world.model.predict = lambda state, *rest: (seen.append(state.shape[:2].numel()), predict(state, *rest))[1]
    rollout_by(SharedMembers, planner, start_at(STATE, 3), torch.rand(30, 2, 2))
    assert seen == [30, 30]
