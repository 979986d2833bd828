# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The cross-entropy method (torch): Rubinstein and Kroese 2004, smoothed as in Chua et al. 2018 (PETS)."""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.planning.plan import heeded
from ros_rl.planning.sampling import SamplingPlanner, weighted
from ros_rl.planning.world import W


class CemPlanner(SamplingPlanner[W]):
    """Refits mean and variance to the elites, all of equal weight; the plan is the last mean."""

    def _refit(self, candidates: Tensor, returns: Tensor, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """Moments of the elites, mixed with the old ones by the momentum; see `SamplingPlanner._refit`."""
        s = self.settings
        best, index = torch.topk(heeded(returns), s.elites)
        new, variance = weighted(candidates[index], best, torch.ones_like(best))
        variance = s.momentum * std**2 + (1.0 - s.momentum) * variance
        return s.momentum * mean + (1.0 - s.momentum) * new, variance.sqrt().clamp(s.std_min, s.std_init)
