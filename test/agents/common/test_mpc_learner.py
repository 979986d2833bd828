# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a planner is made of, by hand: its batches, what closes its plans, and what pulls its policy."""

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from learners import spec_of
from model_based import MODEL, agent_of, assert_steps_down, filled, settings_of

from ros_rl.agents.common.experience import Experience
from ros_rl.networks.layers import BatchedLayerNorm
from ros_rl.planning.world import ParticleState

pytestmark = pytest.mark.usefixtures("seeded")
PLANNER = {"samples": 16, "proposals": 4, "elites": 4, "horizon": 2, "iterations": 1}
SMALL = {"name": "mpc", "hidden": 16, "model": MODEL | {"members": 3}, "planner": PLANNER, "smoothing": 0.25}


def small(**changes: Any) -> Any:
    return agent_of(settings_of(SMALL | changes))


def experience(count: int = 8) -> Experience:
    state, next_state = torch.randn(2, count, 4)
    last, action = 2.0 * torch.rand(2, count, 2) - 1.0
    return Experience(state, torch.zeros(count, 0), last, action, torch.randn(count), next_state, torch.zeros(count))


def seen(state: torch.Tensor, last_action: torch.Tensor) -> torch.Tensor:
    """What networks see of the mock robot: positions times 1, velocities times 0.1, and the action before."""
    return torch.cat([state[..., :2], 0.1 * state[..., 2:], last_action], -1)


def test_values_are_learned_from_undelayed_steps() -> None:
    agent, e = small(), experience()
    e.terminated[3] = 1.0
    found = agent.samples(e, 0.8)
    torch.testing.assert_close(found.obs, seen(e.state, e.last_action))
    torch.testing.assert_close(found.next_obs, seen(e.next_state, e.action))  # what acted is the next last action
    assert found.action is e.action and found.reward is e.reward and found.terminated is e.terminated
    assert found.discount.tolist() == pytest.approx([0.8] * 8) and found.weight.tolist() == [1.0] * 8


@pytest.mark.parametrize("updates", [1, 3])
@pytest.mark.parametrize(
    ("fraction", "step", "made"),
    [(0.5, 9, 0), (0.5, 10, 6), (0.5, 99, 6), (0.75, 10, 12), (0.1, 99, 0), (0.0, 99, 0)],
)
def test_a_batch_holds_its_share_of_imagined_steps_once_the_model_may(
    fraction: float, step: int, made: int, updates: int
) -> None:
    """16 transitions in each batch, of which each of three members makes as many."""
    agent = small(model_fraction=fraction, model_start=10)
    replay, counts, own = filled(agent.spec), [], agent.imagine

    def imagine(*given: Any) -> Experience:
        counts.append(len(given[0]))
        found = own(*given)
        found.reward[:] = 70.0 + torch.arange(3).repeat_interleave(len(given[0]) // 3)
        return found

    agent.imagine = imagine
    batches = agent._experience(replay, step, updates)
    assert counts == ([updates * made] if made else [])
    stored = {tuple(row) for row in agent.experience(replay.at(np.arange(60))).next_state.tolist()}
    assert len(batches.reward) == 16 * updates
    for update in range(updates):
        batch = batches.rows(slice(update, None, updates))
        assert (batch.reward >= 70.0).tolist() == [False] * (16 - made) + [True] * made
        members = batch.reward[16 - made :].tolist()
        assert sorted(members) == sorted([70.0, 71.0, 72.0] * (made // 3))
        assert [tuple(row) in stored for row in batch.next_state.tolist()] == [True] * (16 - made) + [False] * made


def test_several_updates_have_targets_by_the_critics_before_the_first() -> None:
    agent, e, seen_by_watch = small(), experience(), []
    agent.watch = SimpleNamespace(batch=lambda q, target, bonus, clipped: seen_by_watch.append((q, target)))
    before = copy.deepcopy(agent.critics.target)
    torch.manual_seed(5)
    samples = agent.samples(e, agent.settings.gamma)
    with torch.no_grad():
        action, cost = agent.soft.next_action(samples.next_obs)
        wanted = samples.target(before(samples.next_obs, action).amin(0) - cost)
        first = agent.critics.online(samples.obs[::2], samples.action[::2])
    torch.manual_seed(5)
    agent.update_critics(e, 2)
    (q, target), (later, next_target) = seen_by_watch
    torch.testing.assert_close(torch.stack([target, next_target], 1).flatten(), wanted)
    torch.testing.assert_close(q, first)
    with torch.no_grad():
        now = agent.critics.online(samples.obs[1::2], samples.action[1::2])
    assert agent.updates == 2 and (later - now).abs().max() > 1e-6  # two steps: the second's values are not the last


def test_training_uses_the_model_from_its_step_on() -> None:
    agent = small(model_start=4, planner_start=0)
    replay, made, own = filled(agent.spec), [], agent.imagine
    agent.imagine = lambda *given: (made.append(step), own(*given))[1]
    for step in range(1, 7):
        agent.train(replay, step)
    assert set(made) == {4, 5, 6}


def test_imagined_steps_act_by_the_policy_smoothed() -> None:
    agent, e = small(), experience(6)
    torch.manual_seed(3)
    noise = torch.randn(6, 2)
    with torch.no_grad():
        mean, log_std = agent.policy(seen(e.state, e.last_action))
        wanted = 0.75 * torch.tanh(mean + log_std.exp() * noise) + 0.25 * e.last_action
    torch.manual_seed(3)
    torch.testing.assert_close(agent._imagine(e).action, wanted)


def test_plans_are_closed_by_the_target_critics() -> None:
    agent = small()
    with torch.no_grad():
        for parameter in agent.critics.target.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    x, last = torch.randn(3, 5, 4), 2.0 * torch.rand(5, 2) - 1.0
    with torch.no_grad():
        found = agent.planner.world.value(ParticleState(x, last, torch.zeros(0)))
        action = 0.75 * torch.tanh(agent.policy(seen(x.mean(0), last))[0]) + 0.25 * last
        obs, each = seen(x, last.expand(3, 5, 2)), action.expand(3, 5, 2)
        wanted, other = (
            torch.stack([network(o, u).min(0).values for o, u in zip(obs, each, strict=True)])
            for network in (agent.critics.target, agent.critics.online)
        )
    torch.testing.assert_close(found, wanted)
    assert (wanted - other).abs().min() > 1e-3
    with torch.no_grad():
        for parameter in agent.critics.online.parameters():
            parameter.zero_()
    torch.testing.assert_close(agent.planner.world.value(ParticleState(x, last, torch.zeros(0))).detach(), found)


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_imitation_pulls_the_policy_towards_what_was_chosen(weight: float) -> None:
    """The chosen action is the executed one with the smoothing undone, and within the bounds."""
    agent, e = small(imitation=weight, initial_alpha=0.2), experience()
    e.action[0], e.last_action[0] = torch.tensor([0.9, -0.9]), torch.tensor([-0.5, 0.5])
    wanted = (e.action - 0.25 * e.last_action) / 0.75
    assert wanted.abs().max() > 1.0
    torch.manual_seed(5)
    obs = seen(e.state, e.last_action)
    raw, log_probability = agent.policy.sample(obs)
    value = agent.critics.online(obs, 0.75 * raw + 0.25 * e.last_action).min(0).values
    loss = (0.2 * log_probability - value).mean() + weight * ((raw - wanted.clip(-1, 1)) ** 2).sum(1).mean()
    torch.manual_seed(5)
    rate = agent.settings.learning_rate
    found = assert_steps_down(loss, agent.policy.parameters(), rate, lambda: agent.update_policy(e))
    assert found["policy_loss"] == pytest.approx(float(loss.detach()), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "task", "actions"),
    [("mpc", "mock_point", 2), ("mpc", "xarm_reach", 6), ("mbpo", "mock_point", 2), ("distil", "mock_point", 2)],
)
def test_target_entropy_is_per_action(name: str, task: str, actions: int) -> None:
    agent = agent_of(settings_of({"name": name, "hidden": 16, "model": MODEL, "target_entropy": -0.5}, task))
    soft = agent.improver if name == "mbpo" else agent.soft
    for entropy, sign in ((-0.5 * actions - 0.1, 1), (-0.5 * actions + 0.1, -1)):
        before = float(soft.temperature.alpha)
        soft.temperature.optimiser.state.clear()
        soft.follow(torch.tensor(entropy))
        assert np.sign(float(soft.temperature.alpha) - before) == sign


def test_a_checkpoint_holds_all_that_is_learned() -> None:
    agent, other = small(), small()
    agent.train(filled(agent.spec), 700)
    other.load_state_dict(agent.state_dict())
    x, u = torch.randn(5, 6), torch.rand(5, 2)
    for one, two in ((agent.critics.online, other.critics.online), (agent.targets, other.targets)):
        torch.testing.assert_close(one(x, u), two(x, u), rtol=0, atol=0)
    torch.testing.assert_close(agent.policy(x), other.policy(x), rtol=0, atol=0)
    assert float(agent.soft.temperature.alpha) == float(other.soft.temperature.alpha)
    own = {"policy", "policy_optimiser", "critics", "critic_optimiser", "targets", "alpha_optimiser"}
    assert set(agent.parts()) == {"model", "model_optimiser"} | own  # a teacher is read by these names
    assert set(agent.tensors()) == {"log_alpha", "use_planner"}


def test_a_step_trains_all_and_tells_of_all() -> None:
    agent = small(initial_alpha=0.2, model=MODEL | {"updates_per_step": 1.0})
    networks = {"model": agent.model, "critics": agent.critics.online, "policy": agent.policy}
    before = {name: torch.cat([p.detach().flatten() for p in part.parameters()]) for name, part in networks.items()}
    found = agent.train(filled(agent.spec), 700)
    told = {"model_loss", "critic_loss", "q_mean", "policy_loss", "alpha", "entropy"}
    assert set(found) == told
    assert agent.entropy_bonus == pytest.approx(0.2 * found["entropy"]) and found["alpha"] == pytest.approx(0.2)
    for name, part in networks.items():
        moved = torch.cat([p.detach().flatten() for p in part.parameters()]) - before[name]
        assert moved.abs().max() > 1e-5, name


def test_without_an_update_that_is_due_nothing_is_told() -> None:
    agent = agent_of(
        settings_of(
            SMALL | {"model": MODEL | {"updates_per_step": 0.0}}, "mock_point", {"learner": {"updates_per_step": 0.5}}
        )
    )
    replay = filled(agent.spec)
    assert [bool(agent.train(replay, step)) for step in range(1, 5)] == [False, True, False, True]


def test_a_policy_sees_its_goal() -> None:
    agent = agent_of(settings_of({"name": "mpc", "hidden": 16, "model": MODEL, "planner": PLANNER}, "xarm_reach"))
    spec, e = agent.spec, agent.experience(filled(agent.spec).at(np.arange(8)))
    asked, own = [], agent.soft.policy.squashed
    agent.soft.policy.squashed = lambda output, noise: (asked.append(output), own(output, noise))[1]
    scale = torch.tensor(spec.scale[: spec.state_size + spec.goal_size], dtype=torch.float32)
    seen = torch.cat([torch.cat([e.state, e.goal], 1) * scale, e.last_action], 1)
    expected = agent.policy.net(seen[None])[0]
    agent.update_policy(e)
    torch.testing.assert_close(asked[0], expected)


def test_each_member_of_the_model_learns_from_transitions_of_its_own() -> None:
    agent, e = small(), experience(12)
    parts = agent._transitions(e, 3)
    for part, whole in zip(parts, (e.state, e.last_action, e.action, e.next_state), strict=True):
        assert [torch.equal(part[member], whole[4 * member : 4 * member + 4]) for member in range(3)] == [True] * 3


@pytest.mark.parametrize("wanted", [True, False])
def test_settings_reach_what_they_name(wanted: bool) -> None:
    agent = small(layer_norm=wanted, critics=3, hidden=24, planner=PLANNER | {"aleatoric": wanted, "horizon": 4})
    norms = [part for part in agent.critics.online.modules() if isinstance(part, BatchedLayerNorm)]
    assert len(norms) == (2 if wanted else 0) and agent.layout is agent.spec
    assert agent.planner.world.propagation.aleatoric is wanted and agent.planner.settings.horizon == 4
    x, u = torch.randn(5, 6), torch.rand(5, 2)
    assert agent.critics.online(x, u).shape == (3, 5) and agent.critics.online.features(x, u).shape == (3, 5, 24)


def test_the_watch_sees_each_update() -> None:
    agent, e, shown = small(), experience(), []
    agent.watch = SimpleNamespace(batch=lambda *parts: shown.append(parts))
    agent.entropy_bonus = 0.3
    q = agent.critics.online(seen(e.state, e.last_action), e.action).detach()
    figures = agent.update_critics(e)
    ((values, target, bonus, clipped),) = shown
    torch.testing.assert_close(values, q)
    assert target.shape == (8,) and bonus == 0.3 and clipped is None
    assert figures["critic_loss"] == pytest.approx(float(((values - target) ** 2).mean()), rel=1e-5)


def test_what_looks_at_the_critics_sees_the_online_ones() -> None:
    agent, spec = small(), spec_of(settings_of(SMALL))
    with torch.no_grad():
        for parameter in agent.critics.target.parameters():
            parameter.zero_()
    batch = filled(spec).at(np.arange(7))
    values, features = agent.look(batch)
    e = agent.experience(batch)
    torch.testing.assert_close(values, agent.critics.online(seen(e.state, e.last_action), e.action).detach())
    assert features.shape == (2, 7, 16) and values.abs().min() > 0.0
