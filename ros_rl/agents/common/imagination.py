# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Returns of what was imagined."""

from __future__ import annotations

import torch
from torch import Tensor

_LOW, _HIGH = 0.05, 0.95
"""Quantiles between which returns lie (Hafner et al. 2023, DreamerV3)."""
_KEEPS = 0.99
"""Share of the old quantiles in the new ones (same source)."""


def lambda_returns(reward: Tensor, discount: Tensor, value: Tensor, trace: float) -> Tensor:
    """R_k = r_k + d_k ((1 - lambda) v_{k+1} + lambda R_{k+1}), where R_H = v_H (Sutton and Barto, equation 12.2).

    Args:
        reward: r_k of the step from k to k + 1, (steps, ...).
        discount: d_k of what follows it, of the same shape.
        value: v_k, (steps + 1, ...).
        trace: lambda.

    Returns:
        R_0 .. R_{H-1}, (steps, ...).
    """
    following = reward + discount * (1.0 - trace) * value[1:]
    total, found = value[-1], []
    for k in range(len(reward) - 1, -1, -1):
        total = following[k] + discount[k] * trace * total
        found.append(total)
    return torch.stack(found[::-1])


class ReturnScale:
    """How far returns lie apart, without the extreme ones, averaged over updates; small ones are not magnified."""

    def __init__(self, like: Tensor) -> None:
        self.quantiles = like.new_zeros(2)
        """The low and the high one."""
        self.updates = like.new_zeros(())
        """Updates so far: the first ones are plain averages."""

    @torch.no_grad()
    def update(self, returns: Tensor) -> Tensor:
        """Take notice of returns; gives what to divide them by, at least 1."""
        levels = self.quantiles.new_tensor([_LOW, _HIGH])
        self.updates += 1.0
        share = torch.clamp(1.0 / self.updates, min=1.0 - _KEEPS)
        self.quantiles.lerp_(torch.quantile(returns.flatten(), levels), share)
        return (self.quantiles[1] - self.quantiles[0]).clamp_min(1.0)

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint holds, by name."""
        return {"return_quantiles": self.quantiles, "return_updates": self.updates}
