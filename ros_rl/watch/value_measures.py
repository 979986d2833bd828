# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What values can be at most, and how far they are from what happened."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ros_rl.types import Array


def discounted_steps(gamma: float, steps: int | None = None) -> float:
    """The sum of gamma^t over t < steps; without a number of steps over all t, 1 / (1 - gamma)."""
    if gamma == 1.0:
        return math.inf if steps is None else float(steps)
    return (1.0 if steps is None else 1.0 - gamma**steps) / (1.0 - gamma)


def value_bound(reward: float, gamma: float, horizon: int | None = None, entropy_bonus: float = 0.0) -> float:
    """The largest |Q| that rewards allow; infinite for gamma 1 without a horizon.

    |Q(s, u)| <= r_max sum_{t < T} gamma^t + gamma |alpha H| sum_{t < T - 1} gamma^t: the entropy of u itself is no part
    of a soft Q (Haarnoja et al. 2018, equation 2).

    Args:
        reward: Largest |reward| of a step, r_max.
        gamma: Discount per step.
        horizon: Steps T after which the time limit ends the return for good. None where a time limit only truncates,
            since the value of the state beyond it still counts.
        entropy_bonus: alpha H of a step, in units of reward.
    """
    bound = reward * discounted_steps(gamma, horizon)
    if entropy_bonus:
        later = None if horizon is None else max(horizon - 1, 0)
        bound += gamma * abs(entropy_bonus) * discounted_steps(gamma, later)
    return bound


def effective_rank(features: Tensor, delta: float = 0.01) -> int:
    """The smallest k for which the k largest singular values make up the share 1 - delta of their sum.

    Kumar et al. 2021, "Implicit under-parameterization", section 3; they use delta 0.01 and the last hidden layer.

    Args:
        features: (batch, units), finite.
        delta: Share that may be missing.

    Returns:
        0 if all features are zero.
    """
    values = torch.linalg.svdvals(features.detach().double())
    sums = values.cumsum(0)
    if not len(values) or float(sums[-1]) == 0.0:
        return 0
    return int((sums < (1.0 - delta) * sums[-1]).sum()) + 1


def followed_returns(
    q: Array, rewards: Array, gamma: float, terminated: bool, tail: float, entropy_bonus: float = 0.0
) -> Array:
    """The discounted returns that followed the steps of an episode, to compare Q with: (steps that count,).

    G_t = r_t + gamma (alpha H + G_{t+1}). After a termination G is zero, and every step counts. A truncated episode
    misses the rewards beyond its end; there the last step's own Q stands for its return, with the weight gamma^m in the
    return m steps earlier, and only the steps with gamma^m <= tail count. An error that all values share shows in
    Q - G reduced by the factor 1 - gamma^m.

    Args:
        q: Q(s_t, u_t), (steps,).
        rewards: (steps,).
        gamma: Discount per step.
        terminated: Whether the episode ended by termination.
        tail: Largest weight of the last step's Q.
        entropy_bonus: alpha H of a step, in units of reward.
    """
    steps = len(rewards)
    returns = np.empty(steps)
    total = 0.0
    for t in reversed(range(steps)):
        if t == steps - 1:
            total = rewards[t] if terminated else q[t]
        else:
            total = rewards[t] + gamma * (entropy_bonus + total)
        returns[t] = total
    if terminated:
        return returns
    weight = gamma ** np.arange(steps - 1, -1, -1.0)
    return returns[weight <= tail]
