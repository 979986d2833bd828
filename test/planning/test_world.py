# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every planner in a world that is no ensemble and knows no fields, tasks or policies, and whose optimum is known.

Two integrators x' = x + b u cost |x'|^2 + r |u|^2 a step. With the value -p |x|^2 of the infinite horizon at its end, a
plan of any length is worth -p |x|^2 at best, where p = (1 + p) r / (r + b^2 (1 + p)).
"""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ros_rl.planning.factory import PLANNERS, make_planner
from ros_rl.planning.plan import Rollout, Start
from ros_rl.planning.planner import Planner
from ros_rl.planning.world import World
from ros_rl.settings.planner import PlannerSettings

B, R = 0.5, 0.1
P = (-1.0 + math.sqrt(1.0 + 4.0 * R / B**2)) / 2.0
"""p^2 b^2 + p b^2 - r = 0."""
GAIN = B * (1.0 + P) / (R + B**2 * (1.0 + P))
"""Of the optimal policy u = -GAIN x."""
OBSERVATION = torch.tensor([20.0, -30.0])
"""[cm]; the world counts in metres."""
X = np.array([0.2, -0.3])


class Integrators(World[Tensor]):
    """Its state is a tensor (particles, count, 2).

    Args:
        drift: (particles, 2): what is added to each particle's state at every step.
        std: Deviation of what chance adds, the same for all particles.
        bound: The task ends where an integrator's absolute value exceeds it.
    """

    def __init__(self, drift: Any = ((0.0, 0.0),), std: float = 0.0, bound: float = math.inf) -> None:
        super().__init__(action_size=2)
        self.drift, self.std, self.bound = torch.tensor(drift), std, bound

    @property
    def noise_per_step(self) -> int:
        return 2 if self.std else 0

    def start(self, observation: Tensor) -> Tensor:
        return (0.01 * observation).expand(len(self.drift), 1, 2)

    def begin(self, start: Tensor, count: int) -> Tensor:
        return start.expand(-1, count, -1)

    def step(self, state: Tensor, action: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        state = state + B * action + self.drift[:, None]
        state = state + self.std * noise[:2] if self.std else state
        reward = -(state**2).sum(-1) - R * (action**2).sum(-1)
        return state, reward, (state.abs().amax(-1) <= self.bound).float()

    def value(self, state: Tensor) -> Tensor:
        return -P * (state**2).sum(-1)

    def propose(self, start: Tensor, noise: Tensor) -> Tensor:
        x, actions = start.mean(0).expand(noise.shape[0], -1), []
        for step in range(noise.shape[1]):
            shift = 0.3 * noise[:, step]
            shift[0] = 0.0
            actions.append((-GAIN * x + shift).clamp(-1.0, 1.0))
            x = x + B * actions[-1]
        return torch.stack(actions, 1)

    def normalised(self, state: Tensor) -> Tensor:
        return state / 0.5


def planner_in(world: Integrators, gamma: float = 1.0, **changes: Any) -> Planner[Integrators]:
    values = {"horizon": 4, "samples": 32, "elites": 8, "proposals": 0, "std_init": 0.5, "std_min": 0.0} | changes
    return make_planner(world, PlannerSettings(**values), gamma)


def plan_of(planner: Planner[Integrators], **arguments: Any) -> Any:
    noise = torch.randn(planner.noise_shape, generator=torch.Generator().manual_seed(0))
    return planner.plan(planner.world.start(OBSERVATION), noise, **arguments)


def worth(actions: Tensor) -> float:
    """Of a sequence (horizon, 2) and what comes after it, in double precision."""
    x, total = X, 0.0
    for action in actions.double().numpy():
        x = x + B * action
        total -= float((x**2).sum() + R * (action**2).sum())
    return total - P * float((x**2).sum())


BEST = -P * float((X**2).sum())


def test_the_closed_form_is_the_optimum() -> None:
    """Least squares over the sequence gives the same, whatever its length."""
    for horizon in (1, 4):
        ones = np.tril(np.ones((horizon, horizon)))
        weight = np.sqrt(np.r_[np.ones(horizon - 1), 1.0 + P])[:, None]
        matrix = np.vstack([weight * B * ones, math.sqrt(R) * np.eye(horizon)])
        target = -np.vstack([weight * X, np.zeros((horizon, 2))])
        actions = np.linalg.lstsq(matrix, target, rcond=None)[0]
        assert worth(torch.from_numpy(actions)) == pytest.approx(BEST, rel=1e-12)
        np.testing.assert_allclose(actions[0], -GAIN * X, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "values", "gap"),
    [
        ("mppi", {"samples": 400, "elites": 40, "iterations": 8}, 0.005),
        ("cem", {"samples": 400, "elites": 40, "iterations": 8}, 0.005),
        ("shooting", {"samples": 4000, "iterations": 2, "horizon": 1}, 0.005),
        ("softmax_shooting", {"samples": 4000, "iterations": 2, "temperature": 0.02, "horizon": 1}, 0.02),
        ("gradient", {"iterations": 80}, 0.005),
    ],
)
def test_every_planner_comes_near_the_optimum(method: str, values: dict[str, Any], gap: float) -> None:
    plan = plan_of(planner_in(Integrators(), method=method, **values))
    assert BEST >= worth(plan.mean) >= (1.0 + gap) * BEST


@pytest.mark.parametrize("method", PLANNERS)
def test_every_planner_begins_at_what_the_world_proposes(method: str) -> None:
    planner = planner_in(Integrators(), method=method, proposals=3, iterations=1)
    rollouts: list[Rollout] = []
    plan = plan_of(planner, rollouts=rollouts)
    assert plan.candidate_returns[0].item() == pytest.approx(BEST, rel=1e-5)
    assert plan.candidate_returns.max().item() == pytest.approx(BEST, rel=1e-5)
    assert rollouts[0].returns[0, 0].item() == pytest.approx(BEST, rel=1e-5)  # the first proposal is the optimum
    if method in ("shooting", "gradient"):  # the best candidate is the plan
        np.testing.assert_allclose(plan.mean[0], -GAIN * X, rtol=1e-5)


@pytest.mark.parametrize("method", PLANNERS)
def test_rollouts_are_of_all_candidates_and_change_nothing(method: str) -> None:
    planner = planner_in(Integrators(), method=method, samples=20, elites=4, proposals=4, iterations=3)
    rollouts: list[Rollout] = []
    noted, plan = plan_of(planner, rollouts=rollouts), plan_of(planner)
    assert torch.equal(noted.mean, plan.mean) and torch.equal(noted.candidate_returns, plan.candidate_returns)
    returns = torch.cat([rollout.returns for rollout in rollouts], 1)
    assert returns.shape == (1, 4 if method == "gradient" else 4 + 3 * 16)
    assert returns.max() >= plan.candidate_returns.max()
    assert all(len(r.states) == 4 and r.states[0].shape == (1, r.returns.shape[1], 2) for r in rollouts)


def test_chance_and_the_end_of_the_task_by_hand() -> None:
    planner = planner_in(Integrators(((0.0, 0.0), (0.1, 0.0)), std=0.2, bound=0.6), gamma=0.5, horizon=2, samples=10)
    assert planner.noise_shape == [planner.sampled + 1, 2, 2]
    chance = torch.tensor([[[1.0, 0.5], [-1.0, 0.0]]])
    actions = torch.tensor([[[0.0, 0.0], [0.3, 0.5]], [[0.3, 0.0], [-1.0, 0.0]]])
    found = planner.rollout(Start(planner.world.start(OBSERVATION), chance), actions)
    expected = np.zeros((2, 2))
    for particle, drift in enumerate((0.0, 0.1)):
        for index, sequence in enumerate(actions.double().numpy()):
            x, alive = X, 1.0
            for step, shift in enumerate(0.2 * chance[0].double().numpy()):
                x = x + B * sequence[step] + [drift, 0.0] + shift
                expected[particle, index] -= 0.5**step * alive * ((x**2).sum() + R * (sequence[step] ** 2).sum())
                alive *= float(np.abs(x).max() <= 0.6)
            expected[particle, index] -= 0.25 * alive * P * (x**2).sum()
            assert alive == float((particle, index) != (1, 1))  # that one alone leaves the bound
    np.testing.assert_allclose(found.returns, expected, rtol=1e-5)


def test_disagreement_is_measured_in_the_worlds_own_units() -> None:
    drift = ((0.1, 0.0), (-0.1, 0.0))
    scores = {}
    for objective, pessimism in (("mean", 0.0), ("state_variance", 2.0)):
        values = {"objective": objective, "pessimism": pessimism, "horizon": 2}
        planner = planner_in(Integrators(drift), **values)
        scores[objective] = planner.score(Start(planner.world.start(OBSERVATION)), torch.zeros(1, 2, 2)).item()
    # apart by 0.2 and 0.4 after the steps, in units of 0.5
    variance = (0.2**2 + 0.4**2) / 2.0 / 0.5**2
    assert scores["mean"] - scores["state_variance"] == pytest.approx(2.0 * variance, rel=1e-5)
