# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One decision taken apart: what the planner tried, what it chose, what it expected, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ros_rl.agents.common.mpc_learner import MpcLearner
from ros_rl.analysis.prediction import rollout
from ros_rl.features import ObservationSpec
from ros_rl.planning.plan import Rollout, Start
from ros_rl.planning.propagation import FixedMember
from ros_rl.planning.world import ParticleState
from ros_rl.runtime.control_loop import tick_noise
from ros_rl.types import Array, Tick


@dataclass(frozen=True)
class Candidates:
    """Every action sequence that the planner scored for one decision."""

    returns: Array
    """Of each, the mean over particles, (candidates,)."""
    states: Array
    """Predicted, mean over particles, from the state in which the decision acts, (candidates, horizon + 1, state)."""


@dataclass(frozen=True)
class Expectation:
    """What the planner expected at one tick; k counts control periods from it, the pending actions act first."""

    candidates: Candidates
    actions: Array
    """The pending actions, then the chosen plan's as they act (smoothed), (delay + horizon, actions)."""
    states: Array
    """x_0 as measured, then each member's prediction under `actions`, (members, 1 + delay + horizon, state)."""
    plan_return: Array
    """Of the chosen plan, one for each member, (members,)."""


@torch.no_grad()
def decide(agent: MpcLearner, spec: ObservationSpec, tick: Tick, seed: int) -> Expectation:
    """Take the decision of a tick again: with its observation and its random numbers, the result is the same.

    Where a planner goes on from its last plan (``warm_start``, ``open_loop``), this is the plan that it would make
    without one, as at an episode's first tick.

    Args:
        agent: Whose planner decides.
        spec: Layout of its robot's observations.
        tick: The tick.
        seed: With which the controller ran.
    """
    planner = agent.planner
    world = planner.world
    observation = torch.as_tensor(spec.observe(tick), dtype=torch.float32)
    fields = spec.split(observation)
    pending = fields["pending_actions"].reshape(spec.delay, spec.action_size)
    start, rollouts = world.start(observation), list[Rollout]()
    noise = torch.from_numpy(tick_noise(seed, tick.index, planner.noise_shape))
    plan = planner.plan(start, noise, rollouts=rollouts)
    members = world.with_propagation(FixedMember(world.model, aleatoric=False))
    alone = planner.rollout(Start(start), plan.mean[None], members)
    smoothed = torch.cat([state.last_action for state in alone.states])
    actions = torch.cat([pending, smoothed]).numpy().astype(np.float64)
    measured = observation[spec.state].numpy().astype(np.float64)
    first = fields["last_action"].numpy()
    predicted = rollout(agent.model, measured[None], first[None], actions[None])[:, 0]
    states = np.concatenate([np.broadcast_to(measured, (len(predicted), 1, len(measured))), predicted], 1)
    return Expectation(_gather(start, rollouts), actions, states, alone.returns[:, 0].numpy().astype(np.float64))


def _gather(start: ParticleState, rollouts: list[Rollout]) -> Candidates:
    returns, states = [], []
    for part in rollouts:
        first = start.x.mean(0).expand(part.returns.shape[1], -1)
        returns.append(part.returns.mean(0))
        states.append(torch.stack([first, *(state.x.mean(0) for state in part.states)], 1))
    return Candidates(torch.cat(returns).numpy().astype(np.float64), torch.cat(states).numpy().astype(np.float64))


@torch.no_grad()
def values(agent: MpcLearner, states: Array, goal: Array, last_actions: Array) -> Array:
    """What the critics expect from states on if the policy acts, by the smallest critic.

    Args:
        agent: Whose critics and policy.
        states: (..., state).
        goal: (goal_size,).
        last_actions: u_{k-1}, (..., actions).
    """
    spaces = agent.spaces
    shape = states.shape[:-1]
    flat = torch.as_tensor(states.reshape(-1, states.shape[-1]), dtype=torch.float32)
    last = torch.as_tensor(np.broadcast_to(last_actions, (*shape, last_actions.shape[-1])).copy(), dtype=torch.float32)
    last = last.reshape(-1, last.shape[-1])
    obs = spaces.network_input(flat, torch.as_tensor(goal, dtype=torch.float32), last)
    action = spaces.smooth(agent.policy.act(obs, torch.zeros(1)), last)
    return agent.targets(obs, action).amin(0).numpy().astype(np.float64).reshape(shape)


@torch.no_grad()
def rewards(agent: MpcLearner, states: Array, goal: Array, first_last_action: Array, actions: Array) -> Array:
    """Rewards along predicted states.

    Args:
        agent: Whose reward.
        states: (members, K + 1, state).
        goal: (goal_size,).
        first_last_action: u_{-1}, (actions,).
        actions: u_0 .. u_{K-1}, (K, actions).

    Returns:
        Shape (members, K).
    """
    x, g = torch.as_tensor(states, dtype=torch.float32), torch.as_tensor(goal, dtype=torch.float32)
    u = torch.as_tensor(np.concatenate([first_last_action[None], actions]), dtype=torch.float32)
    before, after = agent.spaces.fields(x[:, :-1], g), agent.spaces.fields(x[:, 1:], g)
    u = u.expand(len(x), -1, -1)
    found: Array = agent.judge.reward(before, u[:, :-1], u[:, 1:], after).numpy().astype(np.float64)
    return found
