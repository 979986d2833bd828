# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What planners pass on: where plans begin, what is predicted of candidates, and the plan itself (torch)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

WORST = -1e9
"""The return of a candidate whose prediction is not finite."""


def heeded(returns: Tensor) -> Tensor:
    """Returns with `WORST` in the place of what is no number or as large as that, either way.

    Nothing is worth so much, and the squares of more would not be finite.
    """
    return torch.where(returns.abs() < -WORST, returns, WORST)


@dataclass(frozen=True)
class Start:
    """Where plans begin."""

    state: Any
    """The world's: in which the next decision will act."""
    chance: Tensor | None = None
    """(rows, horizon, actions): standard normal numbers that decide what chance does, equal for all candidates."""
    rollouts: list[Rollout] | None = None
    """Where the rollouts of all candidates are noted, whatever the planner's method; None for nowhere."""


@dataclass(frozen=True)
class Rollout:
    """What is predicted of candidates."""

    returns: Tensor
    """(particles, count)"""
    states: list[Any]
    """The world's, after each step."""


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
