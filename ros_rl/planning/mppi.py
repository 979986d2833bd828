# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Model-predictive path integral control (torch).

Williams et al. 2017 (MPPI), with the elites and the refitted deviation of Hansen et al. 2022 (TD-MPC).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.planning.sampling import SamplingPlanner, weighted
from ros_rl.planning.world import W


class MppiPlanner(SamplingPlanner[W]):
    """Weights the elites by a softmax of their standardised returns."""

    def _refit(self, candidates: Tensor, returns: Tensor, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation of the elites under the softmax; see `SamplingPlanner._refit`."""
        s = self.settings
        best, index = torch.topk(returns, s.elites)
        spread = best.std() if s.elites > 1 else torch.ones(())
        weights = torch.softmax((best - best[0]) / (s.temperature * (spread + 1e-6)), 0)
        mean, variance = weighted(candidates[index], best, weights)
        return mean, variance.sqrt().clamp(s.std_min, s.std_init)
