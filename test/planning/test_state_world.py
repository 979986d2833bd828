# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The world of states by hand, where it is not simple: members that disagree, smoothing, and a judge that reads it all.

Everything is written anew in numpy, one particle and one candidate after the other.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from learners import mock_step, small_settings, spec_of
from planners import LinearModel
from torch import Tensor

from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.networks.spaces import Spaces
from ros_rl.planning.factory import make_planner
from ros_rl.planning.plan import Start
from ros_rl.planning.propagation import PROPAGATIONS
from ros_rl.planning.world import ParticleState, StateWorld
from ros_rl.settings.planner import PlannerSettings

DRIFT = np.array([[0.1, 0.0, 0.3, -0.2], [0.0, -0.2, 0.1, 0.4], [-0.3, 0.1, -0.2, 0.1]])
STATE, LAST, PENDING = [0.3, -0.4, 0.5, 0.2], [0.6, -0.8], [[0.5, 0.1], [-0.7, 0.9]]
SMOOTHING, GAMMA = 0.25, 0.8


class Judge:
    """A reward of everything that it may read, each with a weight of its own; the task ends below -1.2."""

    def reward(self, before: Mapping[str, Any], last_action: Any, action: Any, after: Mapping[str, Any]) -> Any:
        first = before["joint_position"][..., 0] - 2.0 * before["joint_velocity"][..., 1]
        second = 3.0 * after["joint_position"][..., 1] + 5.0 * after["joint_velocity"][..., 0]
        return first + second + 7.0 * last_action[..., 0] + 11.0 * action[..., 1]

    def terminated(self, after: Mapping[str, Any]) -> Any:
        return after["joint_position"][..., 0] < -1.2


def judged(before: np.ndarray, last: np.ndarray, action: np.ndarray, after: np.ndarray) -> float:
    return before[0] - 2.0 * before[3] + 3.0 * after[1] + 5.0 * after[2] + 7.0 * last[0] + 11.0 * action[1]


def world_of(delay: int = 0, propagation: str = "fixed_member", smoothing: float = SMOOTHING) -> StateWorld:
    torch.manual_seed(0)
    spaces = Spaces(spec_of(small_settings("mock_point", {"control": {"delay": delay}})), smoothing)
    policy, critics = SquashedGaussianPolicy(spaces.input_size, 2, 8), CriticEnsemble(2, spaces.input_size + 2, 8)
    model = LinearModel(torch.tensor(DRIFT, dtype=torch.float32))
    world = StateWorld(spaces, Judge(), model, policy, critics, PROPAGATIONS[propagation](model, False))
    return world.requires_grad_(False)


def moved(state: np.ndarray, action: np.ndarray, drift: np.ndarray) -> np.ndarray:
    return mock_step(torch.tensor(state), torch.tensor(action)).numpy() + drift


def tensor(value: Any) -> Tensor:
    return torch.tensor(np.asarray(value), dtype=torch.float32)


def starts_by_hand(delay: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each member's particle begins, (members, 4), and the action before."""
    found, before = [], np.array(([LAST, *PENDING])[delay])
    for drift in DRIFT:
        state = np.array(STATE)
        for action in PENDING[:delay]:
            state = moved(state, np.array(action), drift)
        found.append(state)
    return np.array(found), before


def start_of(world: StateWorld, delay: int) -> ParticleState:
    return world.start(tensor([*STATE, *LAST, *np.reshape(PENDING[:delay], -1)]))


def returns_by_hand(delay: int, sequence: np.ndarray) -> np.ndarray:
    """What each member holds of a sequence, (members,)."""
    states, before = starts_by_hand(delay)
    found = []
    for state, drift in zip(states, DRIFT, strict=True):
        total, alive, last = 0.0, True, before
        for step, decided in enumerate(sequence):
            acting = (1 - SMOOTHING) * decided + SMOOTHING * last
            after = moved(state, acting, drift)
            total += GAMMA**step * judged(state, last, acting, after) if alive else 0.0
            alive = alive and not after[0] < -1.2
            state, last = after, acting
        found.append(total)
    return np.array(found)


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_each_particle_starts_where_its_own_member_leads(delay: int) -> None:
    world = world_of(delay)
    start, (wanted, before) = start_of(world, delay), starts_by_hand(delay)
    np.testing.assert_allclose(start.x[:, 0], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(start.last_action, [before], rtol=1e-6)
    begun = world.begin(start, 4)
    np.testing.assert_allclose(begun.x, np.repeat(wanted[:, None], 4, 1), rtol=1e-5, atol=1e-6)
    assert begun.last_action.shape == (4, 2)


@pytest.mark.parametrize("delay", [0, 2])
def test_a_rollout_is_rewarded_from_each_particles_own_states(delay: int) -> None:
    settings = PlannerSettings(samples=8, elites=2, proposals=0, horizon=4, terminal_value=False)
    planner = make_planner(world_of(delay), settings, GAMMA)
    candidates = np.random.default_rng(2).uniform(-1, 1, (6, 4, 2))
    candidates[0], candidates[1] = [[-1.0, 0.0]] * 4, [[1.0, 0.0]] * 4
    found = planner.rollout(Start(start_of(planner.world, delay)), tensor(candidates))
    wanted = np.stack([returns_by_hand(delay, sequence) for sequence in candidates], 1)
    np.testing.assert_allclose(found.returns, wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        planner.score(Start(start_of(planner.world, delay)), tensor(candidates)), wanted.mean(0), rtol=1e-4, atol=1e-4
    )


def test_one_step_by_hand_with_an_end_for_one_member() -> None:
    world = world_of()
    x = np.array([[-0.95, 0.1, 0.5, -0.5]] * 3)
    last, decided = np.array([[0.4, 0.2]]), np.array([[-1.0, 1.0]])
    acting = 0.75 * decided + 0.25 * last
    after, reward, going = world.step(
        ParticleState(tensor(x)[:, None], tensor(last), tensor([])), tensor(decided), tensor([])
    )
    wanted = np.array([moved(row, acting[0], drift) for row, drift in zip(x, DRIFT, strict=True)])
    np.testing.assert_allclose(after.x[:, 0], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(after.last_action, acting, rtol=1e-6)
    each = [judged(before, last[0], acting[0], following) for before, following in zip(x, wanted, strict=True)]
    np.testing.assert_allclose(reward[:, 0], each, rtol=1e-5)
    assert going[:, 0].tolist() == [1.0, 1.0, 0.0]  # the third member alone leaves the bound


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_proposals_follow_the_smoothed_policy_through_the_mean_prediction(smoothing: float) -> None:
    world, delay = world_of(1, smoothing=smoothing), 1
    noise = torch.randn(3, 4, 2, generator=torch.Generator().manual_seed(1))
    found = world.propose(start_of(world, delay), noise)
    states, before = starts_by_hand(delay)
    for row in range(3):
        state, last = states.mean(0), before
        for step in range(4):
            seen = tensor([*state[:2], *(0.1 * state[2:]), *last])[None]
            mean, log_std = world.policy(seen)
            chance = noise[row, step] if row else torch.zeros(2)  # the first follows the policy's mode
            decided = torch.tanh(mean + log_std.exp() * chance)[0].numpy()
            np.testing.assert_allclose(found[row, step], decided, rtol=1e-4, atol=1e-5)
            acting = (1 - smoothing) * decided + smoothing * last
            state, last = moved(state, acting.astype(float), DRIFT.mean(0)), acting


@pytest.mark.parametrize("horizon", [1, 4])
def test_proposals_predict_no_more_than_they_need(horizon: int) -> None:
    world, asked = world_of(0), []
    predict = world.model.predict
    world.model.predict = lambda *parts: (asked.append(1), predict(*parts))[1]
    assert world.propose(start_of(world, 0), torch.zeros(2, horizon, 2)).shape == (2, horizon, 2)
    assert len(asked) == horizon - 1


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_the_expectation_starts_at_the_mean_of_all_members(delay: int) -> None:
    world = world_of(delay, "expectation")
    begun, (states, before) = world.begin(start_of(world, delay), 3), starts_by_hand(delay)
    np.testing.assert_allclose(begun.x, np.repeat(states.mean(0)[None, None], 3, 1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(begun.last_action, np.repeat(before[None], 3, 0), rtol=1e-6)


def test_states_are_compared_in_deviations_of_the_data() -> None:
    world = world_of()
    world.model.inputs.std.copy_(tensor([0.5, 1.0, 2.0, 4.0]))
    state = ParticleState(tensor(np.ones((3, 2, 4))), tensor(np.zeros((2, 2))), tensor([]))
    np.testing.assert_allclose(world.normalised(state)[0, 0], [2.0, 1.0, 0.5, 0.25])


def test_a_goal_stands_between_state_and_actions_and_reaches_everyone() -> None:
    fields = [
        Field("joint_position", (2,), "rad", 1.0, "state"),
        Field("joint_velocity", (2,), "rad/s", 0.1, "state"),
        Field("wanted", (3,), "m", 0.5, "goal"),
        Field(LAST_ACTION, (2,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (2,), "1", 1.0, "action"),
    ]
    spaces = Spaces(Layout("toy", ("one", "two"), fields, 1), SMOOTHING)
    judge, seen = Judge(), []

    def remembered(before: Mapping[str, Any], last: Any, action: Any, after: Mapping[str, Any]) -> Any:
        seen.extend([before["wanted"], after["wanted"]])
        return Judge.reward(judge, before, last, action, after)

    judge.reward = remembered  # type: ignore[method-assign]
    model = LinearModel(torch.tensor(DRIFT, dtype=torch.float32))
    policy, critics = SquashedGaussianPolicy(spaces.input_size, 2, 8), CriticEnsemble(2, spaces.input_size + 2, 8)
    world = StateWorld(spaces, judge, model, policy, critics, PROPAGATIONS["fixed_member"](model, False))
    start = world.start(tensor([*STATE, 0.7, 0.8, 0.9, *LAST, *PENDING[0]]))
    wanted, before = starts_by_hand(1)
    np.testing.assert_allclose(start.x[:, 0], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(start.last_action, [before], rtol=1e-6)
    np.testing.assert_allclose(start.goal, [0.7, 0.8, 0.9])
    state, _, _ = world.step(world.begin(start, 2), torch.zeros(2, 2), tensor([]))
    assert [value.tolist() for value in seen] == [pytest.approx([0.7, 0.8, 0.9])] * 2
    mean = torch.cat([start.x.mean(0)[0] * tensor([1, 1, 0.1, 0.1]), tensor([0.35, 0.4, 0.45, *before])])
    np.testing.assert_allclose(
        world.decide(start, torch.zeros(1)).detach(), torch.tanh(policy(mean[None])[0]).detach(), rtol=1e-5
    )
    np.testing.assert_allclose(state.goal, [0.7, 0.8, 0.9])
    with torch.no_grad():
        found, action = world.value(start), torch.tanh(policy(mean[None])[0])
        acting = 0.75 * action + 0.25 * tensor(before)
        for member in range(3):
            state = torch.cat([start.x[member, 0] * tensor([1, 1, 0.1, 0.1]), tensor([0.35, 0.4, 0.45, *before])])
            assert found[member, 0].item() == pytest.approx(critics(state[None], acting).min().item(), rel=1e-5)
