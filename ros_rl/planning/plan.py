# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What planners pass on: where plans begin, what is predicted of candidates, and the plan itself (torch)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

WORST = -1e9
"""The return of a candidate whose prediction is not finite."""


@dataclass(frozen=True)
class Start:
    """Where plans begin: the state in which the next decision will act."""

    state: Tensor
    """(members, 1, state): one prediction per member."""
    goal: Tensor
    """(goal_size,)"""
    last_action: Tensor
    """(actions,): the action that acts just before the plan."""
    chance: Tensor | None = None
    """(rows, horizon, actions): standard normal numbers that decide members and outcomes, equal for all candidates."""


@dataclass(frozen=True)
class Rollout:
    """What is predicted of candidates."""

    returns: Tensor
    """(particles, count)"""
    states: list[Tensor]
    """(particles, count, state) after each step."""


@dataclass(frozen=True)
class Plan:
    """The planner's result; actions are before smoothing."""

    mean: Tensor
    """(horizon, actions)"""
    std: Tensor
    """(horizon, actions)"""
    candidate_returns: Tensor
    """(candidates,): of the last iteration."""


@dataclass(frozen=True)
class Carried:
    """What is left of the last plan."""

    actions: Tensor
    """(horizon, actions), the next one first; the last is repeated where the plan has ended."""
    left: Tensor
    """(1,): how many of them the plan still held; 0 if there is no plan."""
