# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Exploration comes in bursts.

Were it always on, the greedy behaviour that is evaluated and deployed would meet states that the replay never saw, such
as a start from rest without noise. A control graph's carry holds whether a burst is on.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.agents.common.chance import threshold


class Bursts:
    """When exploration is on: that is drawn anew, on or off alike, once in `seconds` on average.

    Args:
        seconds: Mean time between draws [s]; at most a control period: at every tick.
        period: Control period [s].
    """

    def __init__(self, seconds: float, period: float) -> None:
        self.threshold = threshold(period / seconds)
        """A draw is due at a tick whose standard normal number is above this."""

    def draw(self, change: Tensor, to: Tensor, last: Tensor) -> Tensor:
        """Whether exploration is on, 0 or 1 of shape (1,), from two standard normal numbers and the last answer."""
        return torch.where(change > self.threshold, (to > 0.0).to(to.dtype), last)
