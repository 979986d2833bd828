# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Sums of several rewards, computed when they are drawn (Sutton & Barto 2018, section 7.1)."""

from __future__ import annotations

import numpy as np

from ros_rl.replay.ring import Ring
from ros_rl.replay.sum_tree import Index
from ros_rl.types import Array


def n_step_sums(ring: Ring, index: Index, powers: Array) -> tuple[np.ndarray, Index, Index]:
    """Discounted sums of up to n rewards; a sum ends early with its chain or at the newest transition.

    Args:
        ring: What is held.
        index: Where the sums begin, (batch,).
        powers: gamma^0 .. gamma^(n - 1).

    Returns:
        Sums (batch,), the places of their last steps, and m <= n, the numbers of rewards in them.
    """
    reward, last = ring.reward[index].astype(np.float64), index
    steps = np.ones(len(index), np.int64)
    for power in powers[1:]:
        distance = ring.successor[last]
        going = distance > 0
        last = (last + distance) % ring.capacity
        reward += going * power * ring.reward[last]
        steps += going
    return reward.astype(np.float32), last, steps
