# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Planners on a linear system that their model knows exactly, for tests against closed forms."""

from typing import Any

import numpy as np
import torch
from learners import mock_step, small_settings, spec_of
from torch import Tensor

from ros_rl.dynamics.model import DynamicsModel
from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.policies import SquashedGaussianPolicy
from ros_rl.networks.spaces import Spaces
from ros_rl.planning.factory import make_planner
from ros_rl.planning.plan import Start
from ros_rl.planning.planner import Planner
from ros_rl.planning.propagation import PROPAGATIONS, Propagation
from ros_rl.planning.world import ParticleState, StateWorld
from ros_rl.settings.planner import PlannerSettings

WIDE = {"task": {"bound": 100.0}}
"""No termination, so that the problem is linear-quadratic."""


class LinearModel(DynamicsModel):
    """The mock robot's exact dynamics; members may drift apart, and hold the future for uncertain.

    Args:
        drift: (members, 4): what each member adds to the state at every step.
        std: Deviation of the next state.
    """

    def __init__(self, drift: Tensor, std: float = 0.0) -> None:
        super().__init__(drift.shape[0], 4)
        self.drift, self.std = drift, std

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        mean = mock_step(state, action) + self.drift[:, None]
        return mean, torch.full_like(mean, self.std)

    def loss(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        return (self.predict(state, last_action, action) - next_state).square().mean((1, 2)).sum()


def linear_planner(
    drift: Any = ((0.0,) * 4,), std: float = 0.0, smoothing: float = 0.0, **planner: Any
) -> Planner[StateWorld]:
    """A planner without discount, proposals and terminal value, unless they are asked for."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    settings = small_settings("mock_point", WIDE)
    spaces = Spaces(spec_of(settings), smoothing)
    values = {"samples": 32, "elites": 8, "proposals": 0, "terminal_value": False} | planner
    policy = SquashedGaussianPolicy(spaces.input_size, 2, 8)
    critics = CriticEnsemble(2, spaces.input_size + 2, 8)
    model = LinearModel(torch.as_tensor(drift, dtype=torch.float32), std)
    chosen = PlannerSettings(**values)
    propagation = PROPAGATIONS[chosen.propagation](model, chosen.aleatoric)
    made = make_planner(StateWorld(spaces, settings.task, model, policy, critics, propagation), chosen, 1.0)
    return made.requires_grad_(False)


def state_at(state: Any, members: int = 1, last_action: Any = (0.0, 0.0)) -> ParticleState:
    x, last = (torch.as_tensor(values, dtype=torch.float32) for values in (state, last_action))
    return ParticleState(x.expand(members, 1, 4), last[None], torch.zeros(0))


def start_at(state: Any, members: int = 1, last_action: Any = (0.0, 0.0)) -> Start:
    return Start(state_at(state, members, last_action))


def rollout_by(
    kind: type[Propagation], planner: Planner[StateWorld], start: Start, candidates: Tensor, aleatoric: bool = False
) -> tuple[Tensor, list[Tensor]]:
    """Returns, and states after each step, of candidates whose particles move in that way."""
    world = planner.world
    found = planner.rollout(start, candidates, world.with_propagation(kind(world.model, aleatoric)))
    return found.returns, [state.x for state in found.states]


def noise_for(planner: Planner, seed: int = 0) -> Tensor:
    return torch.randn(planner.noise_shape, generator=torch.Generator().manual_seed(seed))


def true_return(state: Any, actions: Tensor) -> float:
    """Sum of -|position|^2 - 0.01 |u|^2 along a sequence (horizon, actions), in double precision."""
    state, total = torch.as_tensor(state, dtype=torch.float64), 0.0
    for action in actions.double():
        state = mock_step(state, action)
        total -= float((state[:2] ** 2).sum() + 0.01 * (action**2).sum())
    return total


def lqr_return(state: Any, horizon: int) -> tuple[float, float]:
    """The optimum of `true_return` by the Riccati recursion, and the largest action on the way."""
    a = mock_step(torch.eye(4).double(), torch.zeros(4, 2).double()).T.numpy()
    b = mock_step(torch.zeros(2, 4).double(), torch.eye(2).double()).T.numpy()
    q, r = np.diag([1.0, 1.0, 0.0, 0.0]), 0.01 * np.eye(2)
    p, gains = np.zeros((4, 4)), []
    for _ in range(horizon):  # the cost counts the state after each step
        weight = q + p
        gain = np.linalg.solve(r + b.T @ weight @ b, b.T @ weight @ a)
        p = a.T @ weight @ (a - b @ gain)
        gains.append(gain)
    x, largest = np.asarray(state, dtype=float), 0.0
    cost = float(x @ p @ x)
    for gain in reversed(gains):
        u = -gain @ x
        largest, x = max(largest, float(np.abs(u).max())), a @ x + b @ u
    return -cost, largest
