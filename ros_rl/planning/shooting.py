# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Random shooting (torch): all candidates come from the first distribution, and nothing is refined."""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.planning.plan import WORST, heeded
from ros_rl.planning.sampling import SamplingPlanner, weighted
from ros_rl.planning.world import W


class ShootingPlanner(SamplingPlanner[W]):
    """The single best candidate (Nagabandi et al. 2018); it is also the one that the model's errors favour most."""

    @property
    def rounds(self) -> int:
        """One, of all the candidates that other methods spread over their iterations."""
        return 1

    def _refit(self, candidates: Tensor, returns: Tensor, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """The best candidate; the deviation stays. See `SamplingPlanner._refit`."""
        value, index = torch.topk(heeded(returns), 1)
        return weighted(candidates[index], value, torch.ones_like(value))[0], std


class SoftmaxShootingPlanner(ShootingPlanner[W]):
    """The mean of all candidates under a softmax of their standardised returns.

    The weights of Williams et al. 2017 (MPPI) with the filtering left out (Nagabandi et al. 2020, PDDM, eq. 3).
    """

    def _refit(self, candidates: Tensor, returns: Tensor, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted moments; see `SamplingPlanner._refit`."""
        s, returns = self.settings, heeded(returns)
        finite = (returns > WORST).to(returns.dtype)
        usual = torch.where(returns > WORST, returns, 0.0).sum() / finite.sum()
        # the worst returns say nothing of the spread
        spread = ((finite * (returns - usual)) ** 2).sum() / finite.sum()
        weights = torch.softmax((returns - returns.amax()) / (s.temperature * (spread.sqrt() + 1e-6)), 0)
        mean, variance = weighted(candidates, returns, weights)
        return mean, variance.sqrt().clamp(s.std_min, s.std_init)
