# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""MBPO: rollouts inside the model, how batches are mixed, and both ways to improve the policy."""

import numpy as np
import pytest
import torch
from learners import spec_of
from model_based import MODEL, agent_of, assert_steps_down, assert_trains_exports_and_resumes, filled, settings_of

from ros_rl.agents.common.rollouts import branch, transitions
from ros_rl.agents.mbpo import MbpoAgent
from ros_rl.errors import ConfigError, RunFolderError
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.replay.tensor_ring import TensorRing
from ros_rl.training.training_loop import TrainingLoop

pytestmark = pytest.mark.usefixtures("seeded")
SMALL = {
    "name": "mbpo",
    "hidden": 16,
    "model": MODEL,
    "model_start": 5,
    "rollouts_per_step": 8,
    "retained_steps": 10,
    "length_from": 1,
    "length_to": 4,
    "rollout_from": 10,
    "rollout_to": 40,
}


def small(**changes):
    return settings_of(SMALL | changes)


@pytest.mark.parametrize(
    ("step", "length"), [(0, 1), (10, 1), (19, 1), (20, 2), (25, 2), (30, 3), (39, 3), (40, 4), (9999, 4)]
)
def test_rollouts_grow_with_the_steps(step: int, length: int) -> None:
    assert small().agent.rollout_length(step) == length


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"length_from": 5}, "agent.length_from 5 is above agent.length_to 4"),
        ({"rollout_from": 40}, "agent.rollout_from 40 is not below agent.rollout_to 40"),
        ({"rollouts_per_step": 7}, "agent.rollouts_per_step 7 is not a multiple of agent.model.members 2"),
        ({"gamma": 0.0}, "agent.gamma is 0.0"),
    ],
)
def test_what_does_not_fit_is_refused(changes, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint.replace(".", r"\.")):
        small(**changes)


def test_branches_by_hand() -> None:
    """The same random numbers, drawn in the same order: policy, dealing of members, their chance."""
    settings = settings_of(SMALL | {"smoothing": 0.25}, "mock_point", {"task": {"bound": 100.0}})
    agent, spec = agent_of(settings), spec_of(settings)
    start = agent.experience(filled(spec).at(np.arange(6)))
    torch.manual_seed(3)
    steps = branch(agent, agent.improver.policy, start, 2)
    torch.manual_seed(3)
    state, last = start.state, start.last_action
    with torch.no_grad():
        for found in steps:
            mean, log_std = agent.improver.policy(torch.cat([state[:, :2], 0.1 * state[:, 2:], last], -1))
            action = 0.75 * torch.tanh(mean + log_std.exp() * torch.randn(6, 2)) + 0.25 * last
            permutation = torch.randperm(6)
            draws, next_state = torch.randn(2, 3, 4), torch.empty(6, 4)
            for place, row in enumerate(permutation.tolist()):
                member = place // 3
                one = [x[row].expand(2, 1, -1) for x in (state, last, action)]
                centre, std = agent.model.distribution(*one)
                next_state[row] = centre[member, 0] + std[member, 0] * draws[member, place % 3]
            made = found.experience
            torch.testing.assert_close(made.action, action)
            torch.testing.assert_close(made.state, state)
            torch.testing.assert_close(made.next_state, next_state, rtol=1e-4, atol=1e-5)
            expected = -(next_state[:, :2] ** 2).sum(-1) - 0.01 * (action**2).sum(-1)
            torch.testing.assert_close(made.reward, expected, rtol=1e-4, atol=1e-5)
            state, last = next_state, action


def test_what_has_terminated_or_is_not_finite_stops() -> None:
    settings = small()
    agent, spec = agent_of(settings), spec_of(settings)
    start = agent.experience(filled(spec).at(np.arange(8)))
    start.state[:, :2] = 0.0
    start.state[:2, 0] = 1.9
    start.state[2, 0] = -1.9
    with torch.no_grad():  # all move by +0.2 in the first axis, all but certainly
        agent.model.net.net[-1].weight.zero_()
        agent.model.net.net[-1].bias[..., 4:] = -1000.0
        agent.model.net.net[-1].bias[..., :4] = torch.tensor([0.2, 0.0, 0.0, 0.0])
    steps = branch(agent, agent.improver.policy, start, 4)
    assert [int(step.alive.sum()) for step in steps] == [8, 6, 6, 6]
    assert steps[0].experience.terminated.tolist() == [1.0, 1.0] + [0.0] * 6
    found = transitions(steps)
    assert len(found.reward) == 26 and int(found.terminated.sum()) == 2
    assert (found.state[:, 0].abs() < 2.0).all()
    sample, calls = agent.model.sample, []

    def broken(*inputs):
        calls.append(1)
        next_state = sample(*inputs)
        return next_state * float("nan") if len(calls) == 2 else next_state

    agent.model.sample = broken
    steps = branch(agent, agent.improver.policy, start, 4)
    assert len(steps) == 2 and not steps[1].alive.any()
    assert len(transitions(steps).reward) == 8


@pytest.mark.parametrize(("ratio", "real"), [(0.0, 0), (0.25, 4), (0.5, 8), (1.0, 16)])
def test_share_of_real_transitions_is_exact(ratio: float, real: int) -> None:
    settings = small(real_ratio=ratio, relabel_fraction=0.0)
    agent = agent_of(settings)
    replay = filled(agent.spec)
    assert len(agent.batch(replay, 1).reward) == 16  # nothing imagined yet: all real
    agent.generate(replay, 8, 1)
    known = {tuple(row) for row in replay.at(np.arange(60)).next_observation[:, :4].tolist()}
    e = agent.batch(replay, 1)
    assert len(e.reward) == 16
    assert sum(tuple(row) in known for row in e.next_state.tolist()) == real


def test_ring_keeps_and_draws_the_newest() -> None:
    ring = TensorRing(10, {"x": None, "y": 2})
    for first in range(0, 24, 4):
        x = torch.arange(first, first + 4).float()
        ring.add({"x": x, "y": torch.stack([x, -x], 1)})
    assert len(ring) == 10
    drawn = ring.sample(400)
    assert set(drawn["x"].tolist()) == set(range(14, 24))
    torch.testing.assert_close(drawn["y"], torch.stack([drawn["x"], -drawn["x"]], 1))
    assert set(ring.sample(400, newest=3)["x"].tolist()) == {21.0, 22.0, 23.0}
    ring.add({"x": torch.arange(100, 125).float(), "y": torch.zeros(25, 2)})
    assert set(ring.sample(400)["x"].tolist()) == set(range(115, 125))


def test_a_batch_without_a_rollout_for_each_member_is_refused() -> None:
    settings = small(improve="policy_gradient")
    members = settings.agent.model.members
    with pytest.raises(
        ConfigError, match=f"learner.batch_size {members - 1} holds no rollout for each of the {members}"
    ):
        MbpoAgent(spec_of(settings), settings.task, settings.agent, members - 1, 1.0, 0.05)


def test_samples_hold_what_acts_next_to_what_acted_last() -> None:
    agent = agent_of(small(gamma=0.9))
    e = agent.experience(filled(agent.spec).at(np.arange(5)))
    samples = agent.samples(e, 0.9)
    torch.testing.assert_close(samples.obs, torch.cat([e.state[:, :2], 0.1 * e.state[:, 2:], e.last_action], -1))
    torch.testing.assert_close(
        samples.next_obs, torch.cat([e.next_state[:, :2], 0.1 * e.next_state[:, 2:], e.action], -1)
    )
    assert (samples.discount == 0.9).all() and (samples.weight == 1.0).all()
    # SAC smooths with the action at the input's end, which is the one that acted last
    raw = torch.rand(5, 2)
    torch.testing.assert_close(agent.improver.smooth(raw, samples.obs), 0.7 * raw + 0.3 * e.last_action)


def test_log_probability_is_that_of_sampling() -> None:
    policy, x = SquashedGaussianPolicy(4, 2, 8), torch.randn(3, 5, 4)
    noise = torch.randn(3, 5, 2)
    mean, log_std = policy(x.reshape(15, 4))
    raw = mean + log_std.exp() * noise.reshape(15, 2)
    _, expected = policy.sample(x.reshape(15, 4), noise.reshape(15, 2))
    found = policy.log_probability(x, raw.reshape(3, 5, 2))
    torch.testing.assert_close(found, expected.reshape(3, 5), rtol=1e-4, atol=1e-4)


def test_policy_gradient_by_hand() -> None:
    """Returns by a loop over single rollouts; the gradient of the surrogate against the weighted sum of scores."""
    agent = agent_of(small(improve="policy_gradient", gamma=0.9, learning_rate=1e-2))
    improver = agent.improver
    start = agent.experience(filled(agent.spec).at(np.arange(6)))
    start.state[0, 0] = 1.999
    steps = branch(agent, improver.policy, start, 3)
    steps[1].alive[5] = steps[2].alive[5] = False  # as if the model had broken down there
    network_input = agent.spaces.network_input
    obs = [network_input(s.experience.state, s.experience.goal, s.experience.last_action) for s in steps]
    alpha, expected, scores, values = 0.1, {}, {}, {}
    with torch.no_grad():
        for row in range(6):
            total = None
            for t in (2, 1, 0):
                e = steps[t].experience
                values[t, row] = improver.value(obs[t][None, row : row + 1])[0, 0, 0]
                if total is None:
                    total = improver.value(network_input(e.next_state, e.goal, e.action)[None, row : row + 1])[0, 0, 0]
                density = improver.policy.log_probability(obs[t][row : row + 1], steps[t].unsquashed[row : row + 1])[0]
                after = 0.0 if e.terminated[row] else 0.9 * total
                total = e.reward[row] - alpha * density + after if steps[t].alive[row] else values[t, row]
                expected[t, row] = total
    alive = [key for key in sorted(expected) if steps[key[0]].alive[key[1]]]
    advantage = torch.stack([expected[key] - values[key] for key in alive])
    advantage = (advantage - advantage.mean()) / advantage.std(correction=0)
    scores = torch.stack(
        [improver.policy.log_probability(obs[t][r : r + 1], steps[t].unsquashed[r : r + 1])[0] for t, r in alive]
    )
    loss = -(scores * advantage).mean()
    metrics = assert_steps_down(loss, improver.policy.parameters(), 1e-2, lambda: improver.update(steps))
    assert metrics["value_loss"] == pytest.approx(
        float(torch.stack([(expected[key] - values[key]) ** 2 for key in alive]).mean()), rel=1e-3
    )


@pytest.mark.parametrize("improve", ["sac", "policy_gradient"])
def test_policy_improves_inside_a_known_model(improve: str) -> None:
    """The state that follows is the action: best is the action zero, and the imagined reward says so."""
    agent = agent_of(small(improve=improve, smoothing=0.0, learning_rate=3e-3, initial_alpha=0.01, gamma=0.5))

    def sample(state, last, action):
        return torch.cat([action, torch.zeros_like(action)], -1)

    agent.model.sample = sample
    replay = filled(agent.spec)
    obs = torch.cat([0.3 * (torch.rand(64, 4) - 0.5), torch.rand(64, 2) - 0.5], -1)
    with torch.no_grad():
        agent.improver.policy.net.net[-1].bias[..., :2] += 1.0
        before = agent.improver.policy.act(obs, torch.zeros(1)).abs().mean()
    agent.updates_per_step, agent._model_settings = 4.0, agent._model_settings.__class__(updates_per_step=0.0)
    for step in range(60):
        agent.train(replay, 10 + step)
    with torch.no_grad():
        after = agent.improver.policy.act(obs, torch.zeros(1)).abs().mean()
    assert before > 0.6 and after < 0.25


@pytest.mark.parametrize("improve", ["sac", "policy_gradient"])
def test_trains_exports_and_resumes(improve: str, tmp_path) -> None:
    settings = small(improve=improve)
    assert_trains_exports_and_resumes(settings, tmp_path)
    with pytest.raises(RunFolderError, match="does not fit this agent"):
        TrainingLoop(small(improve=improve, retained_steps=20, hidden=8)).resume(tmp_path)


@pytest.mark.parametrize("task", ["a1_walk", "xarm_reach"])
def test_robots_with_mirror_and_goals(task: str) -> None:
    settings = settings_of(SMALL, task)
    agent = agent_of(settings)
    replay = filled(agent.spec)
    for step in range(4, 12):
        metrics = agent.train(replay, step)
    assert all(np.isfinite(value) for value in metrics.values()) and metrics["rollout_length"] == 1.0
    assert len(agent.imagined) == 7 * 8
