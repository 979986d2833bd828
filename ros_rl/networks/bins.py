# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Distributions of a number over fixed bins."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def on_bins(bins: Tensor, number: Tensor, probability: Tensor) -> Tensor:
    """A distribution over numbers as one over bins, of the same mean (Bellemare et al. 2017, C51, eq. 7).

    Each number gives its probability to the two bins next to it, in proportion to how near they are; one beyond the
    outermost bins is taken for theirs.

    Args:
        bins: (bins,), rising.
        number: (..., numbers).
        probability: Of each, (..., numbers).

    Returns:
        (..., bins).
    """
    number = number.clamp(float(bins[0]), float(bins[-1]))
    above = torch.searchsorted(bins, number.contiguous()).clamp(1, len(bins) - 1)
    low, high = bins[above - 1], bins[above]
    upper = (number - low) / (high - low)
    found = number.new_zeros((*number.shape[:-1], len(bins)))
    found.scatter_add_(-1, above, probability * upper)
    return found.scatter_add_(-1, above - 1, probability * (1.0 - upper))
