# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Plans under commands that act late: how late, against the simulator's own draws; all else by hand, in numpy."""

from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch
from learners import make_agent, mock_step, small_settings
from planners import LinearModel
from torch import Tensor

from ros_rl.agents.mpc import MpcAgent
from ros_rl.backends.world.late_commands import LateCommands
from ros_rl.errors import ConfigError
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.networks.spaces import Spaces
from ros_rl.planning.factory import make_planner
from ros_rl.planning.late_world import LateState, LateWorld
from ros_rl.planning.lateness import KEPT, STAYS, UNKNOWN, Lateness
from ros_rl.planning.plan import Start
from ros_rl.planning.propagation import PROPAGATIONS
from ros_rl.planning.world import StateWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.planner import PlannerSettings
from ros_rl.settings.world import WorldSettings

DRIFT = np.array([[0.1, 0.0, 0.3, -0.2], [0.0, -0.2, 0.1, 0.4], [-0.3, 0.1, -0.2, 0.1]])
STATE, PENDING = [0.3, -0.4, 0.5, 0.2], [[0.5, 0.1], [-0.7, 0.9]]
SENT = [[0.2, 0.3], [0.6, -0.8], [0.1, 0.9], [-0.5, -0.2]]
"""Before those that are pending, the newest first."""
SMOOTHING, MOST, HORIZON = 0.25, 3, 4


def world_of(delay: int, drift: np.ndarray = DRIFT, most: int = MOST) -> LateWorld:
    torch.manual_seed(0)
    settings = small_settings("mock_point", {"control": {"delay": delay}, "task": {"bound": 100.0}})
    spaces = Spaces(settings.observation_spec(), SMOOTHING)
    policy, critics = SquashedGaussianPolicy(spaces.input_size, 2, 8), CriticEnsemble(2, spaces.input_size + 2, 8)
    model = LinearModel(tensor(drift))
    parts = (spaces, settings.task, model, policy, critics, PROPAGATIONS["fixed_member"](model, False))
    return LateWorld(*parts, most=most, horizon=HORIZON).requires_grad_(False)


def age_of(age: int, most: int = MOST) -> Tensor:
    return tensor(np.eye(most + 1)[age])


def tensor(value: Any) -> Tensor:
    return torch.tensor(np.asarray(value), dtype=torch.float32)


def observed(acted: list[float], delay: int) -> Tensor:
    return tensor([*STATE, *acted, *np.reshape(PENDING[:delay], -1)])


def ages_by_hand(first: int, noise: np.ndarray, most: int = MOST, members: int = 3) -> np.ndarray:
    """(steps, members): of the commands that act."""
    found = []
    for member in range(members):
        age, own = first, []
        for number in noise:
            late = int((NormalDist().cdf(number) + member / members) % 1.0 * (most + 1))
            age = min(late, age + 1)
            own.append(age)
        found.append(own)
    return np.array(found).T


def test_ages_are_those_of_the_simulators_late_commands() -> None:
    late, last = LateCommands(WorldSettings(late=(0, 2))), np.array([0.0])
    late.begin(np.random.default_rng(0))
    ages = []
    for k in range(30_000):
        last = late.acting(np.array([float(k)]), last)
        ages.append(k - int(last[0]))
    lateness, noise = Lateness(2), tensor(np.random.default_rng(1).normal(size=20_000))
    for before in range(3):
        after = np.array(ages[1:])[np.array(ages[:-1]) == before]
        drawn = [lateness.draw(lateness.alike, age_of(before, 2), noise[k : k + 1], 3)[0] for k in range(5000)]
        mean = torch.stack(drawn).mean((0, 1)).numpy()
        np.testing.assert_allclose(mean, [np.mean(after == age) for age in range(3)], atol=0.02)
        wanted = [[1 / 3, 2 / 3, 0], [1 / 3, 1 / 3, 1 / 3], [1 / 3, 1 / 3, 1 / 3]][before]
        np.testing.assert_allclose(mean, wanted, atol=0.005)
    chain = lateness.draw(lateness.alike, age_of(0, 2), noise, 3).argmax(-1).numpy()
    shares = [[np.mean(own == age) for age in range(3)] for own in chain.T]
    np.testing.assert_allclose(shares, [[1 / 3, 4 / 9, 2 / 9]] * 3, atol=0.02)
    assert abs(np.mean(np.equal(*chain.T[:2])) - np.mean(np.equal(*chain.T[1:]))) < 0.03


@pytest.mark.parametrize("late", [0, 1, 2])
def test_a_link_that_is_always_as_late_is_soon_planned_for_as_that(late: int) -> None:
    """What acts is told at each tick; after three seconds nearly every member's plan has it as late as it is."""
    world, rng, link = world_of(1, most=2), np.random.default_rng(0), LateCommands(WorldSettings(late=(late, late)))
    link.begin(rng)
    carry, acted, pending, shares = torch.zeros(world.carry_size), np.zeros(2), np.zeros(2), []
    for _ in range(60):
        acted, pending = link.acting(pending, acted), rng.uniform(-1, 1, 2)
        observation, noise = tensor([*STATE, *acted, *pending]), tensor(rng.normal(size=world.chance))
        state, carry = world.recall(observation, carry, noise)
        shares.append(state.arrivals[..., late].mean().item())
    assert np.mean(shares[-20:]) > 0.9
    assert np.mean(shares[:2]) < 0.9  # or it would have been believed before it was seen


def test_commands_that_are_alike_tell_no_age() -> None:
    """A robot that stands is sent the same again and again, whatever its link is like: nothing is counted."""
    world, carry = world_of(1, most=2), torch.zeros(world_of(1, most=2).carry_size)
    for _ in range(20):
        _, carry = world.recall(observed([0.5, 0.1], 1), carry, torch.zeros(world.chance))
    assert not carry[1 : 1 + 3 + 9].any()


def test_steps_are_counted_and_forgotten_as_by_hand() -> None:
    lateness, seen = Lateness(2), [0, 1, 1, 0, 1, 2, 2]
    counts, wanted = torch.zeros(3, 3), np.zeros((3, 3))
    for before, now in pairwise(seen):
        counts, wanted = lateness.counted(counts, age_of(before, 2), age_of(now, 2)), KEPT * wanted
        wanted[before, now] += 1.0
    wanted += UNKNOWN * np.array([[1, 2, 0], [1, 1, 1], [1, 1, 1]]) / 3 + STAYS * np.eye(3)
    chain = lateness.chain(counts)
    np.testing.assert_allclose(chain, wanted / wanted.sum(1, keepdims=True), rtol=1e-5)
    drawn = lateness.draw(chain, age_of(1, 2), tensor([0.3]), 1000)
    np.testing.assert_allclose(drawn[0].mean(0), chain[1], atol=0.002)  # spread evenly: not by chance


def line_at(step: int, decided: list[np.ndarray]) -> list[np.ndarray]:
    """All commands that were decided to act by a step or before, the newest first."""
    return [*reversed(decided[: step + 1]), *map(np.array, SENT)]


@pytest.mark.parametrize("delay", [1, 2])
@pytest.mark.parametrize("acted", [0, 1, 2, 3])
def test_each_particle_starts_where_its_own_order_leads(delay: int, acted: int) -> None:
    world, noise = world_of(delay), np.random.default_rng(3).normal(size=delay + HORIZON + 1)
    last, age, chain = SENT[acted], age_of(acted), world.lateness.alike
    assert torch.equal(world._age(tensor(last), tensor(SENT)), age)
    assert torch.equal(world._age(tensor(last) + tensor([0.1, -0.05]), tensor(SENT)), age)  # as a filter changed it
    start = world.believe(observed(last, delay), tensor(SENT), age, chain, tensor(noise))
    ages = ages_by_hand(acted, noise)
    for member, drift in enumerate(DRIFT):
        state, told = np.array(STATE), np.array(last)
        for step in range(delay):
            told = line_at(step, [np.array(each) for each in PENDING])[ages[step, member]]
            state = mock_step(torch.tensor(state), torch.tensor(told)).numpy() + drift
        np.testing.assert_allclose(start.x[member, 0], state, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(start.told[member, 0], told, rtol=1e-6)
    np.testing.assert_allclose(start.last_action[0], PENDING[delay - 1])
    assert len({*ages.flat}) > 1  # or nothing much was compared


def test_a_rollout_follows_each_particles_order_in_states_rewards_and_value() -> None:
    world, noise = world_of(1), np.random.default_rng(5).normal(size=1 + HORIZON + 1)
    planner = make_planner(world, PlannerSettings(samples=8, elites=2, proposals=0, horizon=HORIZON), 0.9)
    candidates = np.random.default_rng(2).uniform(-1, 1, (4, HORIZON, 2))
    start = world.believe(observed(SENT[0], 1), tensor(SENT), age_of(0), world.lateness.alike, tensor(noise))
    found = planner.rollout(Start(start), tensor(candidates))
    ages = ages_by_hand(0, noise)
    for count, sequence in enumerate(candidates):
        decided = [np.array(PENDING[0])]
        for action in sequence:
            decided.append((1 - SMOOTHING) * action + SMOOTHING * decided[-1])
        ends, returns, tolds = [], [], []
        for member, drift in enumerate(DRIFT):
            state, total, told = np.array(STATE), 0.0, np.array(SENT[0])
            for step in range(1 + HORIZON):
                told = line_at(step, decided)[ages[step, member]]
                state = mock_step(torch.tensor(state), torch.tensor(told)).numpy() + drift
                if step:
                    total += 0.9 ** (step - 1) * -((state[:2] ** 2).sum() + 0.01 * (told**2).sum())
                    np.testing.assert_allclose(found.states[step - 1].x[member, count], state, rtol=1e-4, atol=1e-5)
            ends, returns, tolds = [*ends, state], [*returns, total], [*tolds, told]
        mean = tensor([[*np.mean(ends, 0)[:2], *(0.1 * np.mean(ends, 0)[2:]), *decided[-1]]])
        decided.append((1 - SMOOTHING) * world.policy.act(mean, torch.zeros(1))[0].numpy() + SMOOTHING * decided[-1])
        for member, (state, told) in enumerate(zip(ends, tolds, strict=True)):
            acting = line_at(1 + HORIZON, decided)[ages[1 + HORIZON, member]]
            value = world.critics(tensor([[*state[:2], *(0.1 * state[2:]), *told]]), tensor(acting[None])).amin()
            wanted = returns[member] + 0.9**HORIZON * value.item()
            assert found.returns[member, count].item() == pytest.approx(wanted, rel=1e-4, abs=1e-4)


def test_commands_in_time_are_those_of_the_world_without_lateness() -> None:
    world = world_of(2, DRIFT[:1])
    other = StateWorld(world.spaces, world.judge, world.model, world.policy, world.critics, world.propagation)
    observation, noise = observed(SENT[0], 2), torch.full((world.chance,), -9.0)
    late = world.believe(observation, tensor(SENT), age_of(0), world.lateness.alike, noise)
    plain = other.start(observation)
    assert torch.equal(late.x, plain.x) and torch.equal(late.last_action, plain.last_action)
    settings = PlannerSettings(samples=16, elites=4, proposals=4, horizon=HORIZON)
    planners = [make_planner(each, settings, 0.9) for each in (world, other)]
    chance = torch.randn(planners[0].noise_shape)
    plans = [planner.plan(state, chance) for planner, state in zip(planners, (late, plain), strict=True)]
    assert torch.equal(plans[0].mean, plans[1].mean)


@pytest.mark.parametrize("late", [0, 1, 2])
def test_a_policy_decides_as_one_that_is_told_a_longer_delay(late: int) -> None:
    """Where all commands are as late, and it is known, proposals are those of a world of which that is the delay."""
    world, longer = world_of(1, DRIFT, most=2), world_of(1 + late)
    plain = StateWorld(longer.spaces, world.judge, world.model, world.policy, world.critics, world.propagation)
    sent, stays = [PENDING[0], *SENT][: late + 2], torch.eye(3)
    start = world.believe(observed(SENT[late], 1), tensor(SENT[:3]), age_of(late, 2), stays, torch.zeros(world.chance))
    told = plain.start(tensor([*STATE, *np.reshape(sent[::-1], -1)]))
    torch.testing.assert_close(world.decision_state(start).x, told.x)
    noise = torch.randn(4, HORIZON, 2)
    torch.testing.assert_close(world.propose(start, noise), plain.propose(told, noise))


def agent_of(**agent: Any) -> MpcAgent:
    return make_agent(small_settings("mock_point", {"agent": agent}))


@pytest.mark.parametrize("act", ["planner", "policy"])
def test_the_graph_remembers_what_was_pending(act: str) -> None:
    graph = agent_of(late=2, act=act).graph
    met: list[Tensor] = []
    world = graph.planner.world
    assert isinstance(world, LateWorld)
    believe = world.believe

    def spied(observation: Tensor, sent: Tensor, age: Tensor, chain: Tensor, noise: Tensor) -> LateState:
        met.append(sent)
        assert len(noise) == world.chance
        return believe(observation, sent, age, chain, noise)

    world.believe = spied  # type: ignore[method-assign]
    carry = torch.tensor(graph.carry)
    with torch.no_grad():
        for pending in (0.1, 0.2, 0.3, 0.4):
            observation = tensor([*STATE, 0.7, 0.7, pending, -pending])
            _, carry, *_ = graph.act(observation, carry, torch.randn(graph.noise_shape), torch.zeros(1))
    rest = [0.7, 0.7]
    line = [[0.3, -0.3], [0.2, -0.2], [0.1, -0.1], rest, rest, rest]
    torch.testing.assert_close(torch.stack(met), tensor([line[3 - k : 6 - k] for k in range(4)]))


def test_nothing_changes_where_nothing_is_late() -> None:
    agent = agent_of()
    assert type(agent.planner.world) is StateWorld and agent.graph.carry == (0.0,)
    assert agent.graph.noise_shape[0] == agent.planner.noise_shape[0] + 3


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["agent.late=1", "agent.planner.propagation=expectation"], "agent.late 1 needs agent.planner.propagation"),
        (["agent.late=1", "control.delay=0"], "agent.late is 1, but what is sent is not seen"),
    ],
)
def test_what_cannot_be_is_refused(overrides: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_settings("a1_walk", overrides=overrides)
