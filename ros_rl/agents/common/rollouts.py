# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Rollouts of a policy inside the dynamics ensemble, branched from replayed states.

Janner et al. 2019, algorithm 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ros_rl.agents.common.experience import Experience, joined
from ros_rl.agents.common.model_based import ModelBasedAgent
from ros_rl.networks.policies import SquashedGaussianPolicy


@dataclass
class ImaginedStep:
    """The same step of all rollouts."""

    experience: Experience
    unsquashed: Tensor
    """(count, actions): the policy's action before tanh and smoothing."""
    alive: Tensor
    """(count,), bool: the rollout had not ended before, and its prediction is finite. Other rows say nothing."""


@torch.no_grad()
def branch(
    world: ModelBasedAgent, policy: SquashedGaussianPolicy, start: Experience, length: int
) -> list[ImaginedStep]:
    """Roll a policy out; a rollout ends where the task terminates.

    The members are dealt out anew at each step, an equal share of the rollouts to each.

    Args:
        world: Model, task and layout.
        policy: Draws the actions.
        start: Of its transitions only state, goal and last action count; as many as a multiple of the members.
        length: Steps.

    Returns:
        `length` steps, or fewer if all rollouts ended earlier.
    """
    count, goal, spaces = start.state.shape[0], start.goal, world.spaces
    state, last, alive = start.state, start.last_action, start.state.new_ones(count, dtype=torch.bool)
    steps: list[ImaginedStep] = []
    while len(steps) < length and alive.any():
        mean, log_std = policy(spaces.network_input(state, goal, last))
        unsquashed = mean + log_std.exp() * torch.randn_like(mean)
        action = spaces.smooth(unsquashed.tanh(), last)
        order = torch.randperm(count, device=state.device)
        made = world.imagine(state[order], goal[order], last[order], action[order]).rows(torch.argsort(order))
        alive = alive & made.next_state.isfinite().all(-1)
        steps.append(ImaginedStep(made, unsquashed, alive))
        alive = alive & (made.terminated == 0.0)
        # rollouts that have ended stand still where they began, so that all rows stay finite
        state = torch.where(alive[:, None], made.next_state, start.state)
        last = torch.where(alive[:, None], action, start.last_action)
    return steps


def transitions(steps: Sequence[ImaginedStep]) -> Experience:
    """All transitions of rollouts that were alive."""
    return joined([step.experience.rows(step.alive) for step in steps])
