# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Model-predictive path integral control (torch).

Williams et al. 2017 (MPPI), with the elites and the refitted deviation of Hansen et al. 2022 (TD-MPC).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.planning.plan import WORST, heeded
from ros_rl.planning.sampling import SamplingPlanner, weighted
from ros_rl.planning.world import W


class MppiPlanner(SamplingPlanner[W]):
    """Weights the elites by a softmax of their standardised returns."""

    def _refit(self, candidates: Tensor, returns: Tensor, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation of the elites under the softmax; see `SamplingPlanner._refit`."""
        s = self.settings
        best, index = torch.topk(heeded(returns), s.elites)
        spread = _finite_std(best) if s.elites > 1 else 1.0
        weights = torch.softmax((best - best[0]) / (s.temperature * (spread + 1e-6)), 0)
        mean, variance = weighted(candidates[index], best, weights)
        return mean, variance.sqrt().clamp(s.std_min, s.std_init)


def _finite_std(returns: Tensor) -> Tensor:
    """Standard deviation of the returns that are not `WORST`, (); zero if there is one, no number if there is none."""
    finite = returns > WORST
    count = finite.sum()
    mean = torch.where(finite, returns, 0.0).sum() / count
    # in the mean's place the others add nothing to the sum of squares, but to the count
    std = torch.where(finite, returns, mean).std()
    return std * ((returns.shape[0] - 1) / (count - 1).clamp_min(1)).sqrt()
