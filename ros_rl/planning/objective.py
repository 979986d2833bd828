# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What of the particles' returns a planner maximises (torch)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ros_rl.planning.plan import WORST, Rollout, heeded
from ros_rl.settings.planner import PlannerSettings


def evaluate(rollout: Rollout, settings: PlannerSettings, normalised: Callable[[Any], Tensor]) -> Tensor:
    """The candidates' values, (count,); one whose prediction is not finite for some particle gets `WORST`.

    Args:
        rollout: Returns and states of particles.
        settings: Name the objective and its weight or share.
        normalised: `World.normalised`.
    """
    returns = rollout.returns
    if settings.objective == "cvar":
        value = _worst_mean(returns, settings.cvar_share)
    else:
        value = returns.mean(0)
    if settings.objective == "mean_std":
        value = value - settings.pessimism * returns.std(0)
    elif settings.objective == "state_variance":
        value = value - settings.pessimism * _state_variance([normalised(state) for state in rollout.states])
    return torch.where(torch.isfinite(returns.sum(0)), heeded(value), WORST)


def _worst_mean(returns: Tensor, share: float) -> Tensor:
    """CVaR: the mean of the worst share of the particles, at least one (Rockafellar and Uryasev 2000)."""
    count = max(1, math.ceil(share * returns.shape[0] - 1e-9))
    return torch.topk(returns, count, dim=0, largest=False).values.mean(0)


def _state_variance(states: list[Tensor]) -> Tensor:
    """Variance of normalised states across particles, summed over dimensions and steps, (count,)."""
    return torch.stack([state.var(0).sum(-1) for state in states]).sum(0)
