# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The graph that MBPO and distil deploy: the measured state, rolled through the pending actions, and then the policy.

All of it is written anew in numpy: a straight model of two members that disagree and feel the action before, and a
straight policy.
"""

from typing import Any

import numpy as np
import pytest
import torch
from learners import spec_of
from model_based import agent_of, settings_of
from torch import Tensor

from ros_rl.agents.common.bursts import Bursts
from ros_rl.agents.common.predicted_graph import PredictedPolicyGraph
from ros_rl.dynamics.model import DynamicsModel
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.networks.spaces import Spaces

STATE, GOAL, ACTIONS = 3, 2, 2
SCALE = np.array([1.0, 1.0, 0.1, 0.5, 0.5])
RNG = np.random.default_rng(0)
A, B, C = (0.5 * RNG.normal(size=shape) for shape in ((STATE, STATE), (ACTIONS, STATE), (ACTIONS, STATE)))
DRIFT = 0.2 * RNG.normal(size=(2, 1, STATE))
WEIGHT = 0.3 * RNG.normal(size=(STATE + GOAL + ACTIONS, ACTIONS))
NOISE = np.array([[1.7, 9.0], [1.0, -9.0], [0.4, -0.3]])
"""Row 0 holds whether bursts change (above 1.645), row 1 to what, row 2 what the action adds."""


class StraightModel(DynamicsModel):
    """x' = x + A x + B u_k + C u_{k-1} + drift."""

    def __init__(self) -> None:
        super().__init__(2, STATE)

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        a, b, c, drift = (torch.tensor(part, dtype=torch.float32) for part in (A, B, C, DRIFT))
        mean = state + state @ a + action @ b + last_action @ c + drift
        return mean, torch.full_like(mean, 9.0)  # the mean is followed, whatever chance may do


class StraightPolicy:
    def act(self, x: Tensor, noise: Tensor) -> Tensor:
        return (x @ torch.tensor(WEIGHT, dtype=torch.float32) + 0.5 * noise).clamp(-1.0, 1.0)


def graph_of(delay: int, smoothing: float) -> PredictedPolicyGraph:
    fields = (
        Field("position", (2,), "m", 1.0, "state"),
        Field("velocity", (1,), "m/s", 0.1, "state"),
        Field("wanted", (GOAL,), "m", 0.5, "goal"),
        Field(LAST_ACTION, (ACTIONS,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (delay * ACTIONS,), "1", 1.0, "action"),
    )
    spaces = Spaces(Layout("toy", ("one", "two"), fields, delay), smoothing)
    return PredictedPolicyGraph(spaces, StraightModel(), StraightPolicy(), Bursts(1.0, 0.05))


def observed(delay: int) -> tuple[np.ndarray, ...]:
    """State, goal, last action and pending ones."""
    rng = np.random.default_rng(1)
    shapes = (STATE, GOAL, ACTIONS, (delay, ACTIONS))
    return tuple(rng.uniform(-0.8, 0.8, shape) for shape in shapes)


def by_hand(delay: int, smoothing: float, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The action that acts after the pending ones, and the state in which it does."""
    state, goal, before, pending = observed(delay)
    members = np.stack([state, state])[:, None]
    for now in pending:
        members, before = members + members @ A + now @ B + before @ C + DRIFT, now
    predicted = members.mean(0)[0]
    seen = np.concatenate([SCALE * np.concatenate([predicted, goal]), before])
    chosen = np.clip(seen @ WEIGHT + 0.5 * noise, -1.0, 1.0)
    return (1.0 - smoothing) * chosen + smoothing * before, predicted


def run(graph: Any, delay: int, carry: float, explore: float, noise: np.ndarray = NOISE) -> tuple[np.ndarray, ...]:
    observation = np.concatenate([part.reshape(-1) for part in observed(delay)])
    values = (observation, [carry], noise, [explore])
    with torch.no_grad():
        return tuple(out.numpy() for out in graph.act(*(torch.tensor(v, dtype=torch.float32) for v in values)))


@pytest.mark.parametrize("smoothing", [0.0, 0.4])
@pytest.mark.parametrize("delay", [0, 1, 2, 3])
def test_it_acts_in_the_state_in_which_the_decision_will_act(delay: int, smoothing: float) -> None:
    graph = graph_of(delay, smoothing)
    assert graph.noise_shape == [3, 2] and graph.telemetry_names == ("predicted_state",)
    action, _, predicted = run(graph, delay, 0.0, 0.0)
    wanted, state = by_hand(delay, smoothing, np.zeros(2))
    np.testing.assert_allclose(predicted, state, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(action, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("carry", "change", "to", "burst"),
    [
        (0.0, 1.0, 1.0, 0.0),  # no change is due
        (1.0, 1.0, -1.0, 1.0),
        (0.0, 1.7, 0.5, 1.0),  # it begins
        (1.0, 1.7, 0.5, 1.0),
        (1.0, 1.7, -0.5, 0.0),  # it ends
        (0.0, 1.7, -0.5, 0.0),
    ],
)
@pytest.mark.parametrize("delay", [0, 2])
def test_it_explores_in_bursts(delay: int, carry: float, change: float, to: float, burst: float) -> None:
    noise = NOISE.copy()
    noise[:2, 0] = change, to
    for explore in (0.0, 1.0):
        action, following, _ = run(graph_of(delay, 0.4), delay, carry, explore, noise)
        wanted, _ = by_hand(delay, 0.4, explore * burst * NOISE[2])
        assert following == [burst]  # it is carried on, whether it is allowed to show or not
        np.testing.assert_allclose(action, wanted, rtol=1e-5, atol=1e-6)


def test_it_starts_without_a_burst() -> None:
    assert graph_of(1, 0.0).carry == (0.0,)


NETWORKS = {
    "mbpo": lambda agent, x: torch.tanh(agent.improver.policy(x)[0]),
    "distil": lambda agent, x: agent.student(x),
}


@pytest.mark.parametrize("delay", [0, 1, 2])
@pytest.mark.parametrize("name", NETWORKS)
def test_agents_deploy_their_own_model_and_policy(name: str, delay: int) -> None:
    """On the mock robot; what acts is what the agent learns: its model, its policy, its smoothing."""
    small = {"name": name, "hidden": 16, "smoothing": 0.25, "model": {"members": 2, "hidden": 16}}
    settings = settings_of(small, "mock_point", {"control": {"delay": delay}})
    agent, spec = agent_of(settings), spec_of(settings)
    agent.model.fit_normalisers(torch.randn(50, 4), torch.randn(50, 4))
    rng = np.random.default_rng(3)
    observation = torch.tensor(rng.uniform(-0.8, 0.8, spec.size), dtype=torch.float32)
    state, actions = observation[:4].expand(2, 1, 4), observation[4:].reshape(1 + delay, 2)
    with torch.no_grad():
        for before, now in zip(actions[:-1], actions[1:], strict=True):
            state = agent.model.predict(state, before.expand(2, 1, 2), now.expand(2, 1, 2))
        predicted = (state[0, 0] + state[1, 0]) / 2
        seen = torch.cat([predicted[:2], 0.1 * predicted[2:], actions[-1]])
        wanted = 0.75 * NETWORKS[name](agent, seen[None])[0] + 0.25 * actions[-1]
        found = agent.graph.act(observation, torch.zeros(1), torch.zeros(3, 2), torch.zeros(1))
    torch.testing.assert_close(found[0], wanted)
    torch.testing.assert_close(found[2], predicted)
