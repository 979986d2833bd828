# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an episode has brought up to each of its steps, as opposed to what it still brings."""

from __future__ import annotations

import numpy as np

from ros_rl.replay.ring import Ring
from ros_rl.types import Array


def collected_rewards(ring: Ring, gamma: float) -> Array:
    """The rewards of an episode up to each step that is held, discounted by their age, G_k = r_k + gamma G_{k-1}.

    From 0 at the beginning of each run of steps without a gap; robot by robot, the oldest of each first.

    Args:
        ring: What is held.
        gamma: Discount per step.
    """
    place, ends = ring.windows(2)
    discount = np.zeros(len(place))
    discount[ends] = gamma
    sums, total = [], 0.0
    for reward, factor in zip(ring.reward[place].tolist(), discount.tolist(), strict=True):
        total = reward + factor * total
        sums.append(total)
    return np.array(sums)
