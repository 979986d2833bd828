# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the planners share that sample action sequences and refit the distribution that they come from (torch)."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from ros_rl.planning.plan import WORST, Plan, Start
from ros_rl.planning.planner import Planner
from ros_rl.planning.world import W


class SamplingPlanner(Planner[W]):
    """Samples, scores and refits; methods differ in how they refit."""

    @property
    def rounds(self) -> int:
        """How often candidates are sampled and the distribution refitted."""
        return self.settings.iterations

    @property
    def sampled(self) -> int:
        """Candidates that all rounds sample together, besides the proposals."""
        return self.settings.iterations * (self.settings.samples - self.settings.proposals)

    def optimise(self, start: Start, mean: Tensor, proposals: Tensor, noise: Tensor) -> Plan:
        """See `Planner.optimise`; the proposals are candidates of every round."""
        std = torch.full_like(mean, self.settings.std_init)
        proposed = noise[:0, 0, 0]
        for part in noise.split(self.sampled // self.rounds):
            candidates = torch.cat([proposals, self.sample(mean, std, part)])
            # proposals are scored once, in one pass with the first samples
            returns = torch.cat([proposed, self.score(start, candidates[len(proposed) :])])
            proposed = returns[: self.settings.proposals]
            mean, std = self._refit(candidates, returns, mean, std)
        return Plan(mean, std, returns)

    def sample(self, mean: Tensor, std: Tensor, noise: Tensor) -> Tensor:
        """Sequences within the bounds, (count, horizon, actions), from white noise of that shape."""
        if self.settings.noise_beta > 0.0:
            noise = self.colour @ noise
        return (mean + std * noise).clamp(-1.0, 1.0)

    @abstractmethod
    def _refit(self, candidates: Tensor, returns: Tensor, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """The next mean and deviation, each (horizon, actions).

        Args:
            candidates: (count, horizon, actions).
            returns: (count,); what is not `heeded` lends nothing.
            mean: The mean that they were sampled around.
            std: The deviation that they were sampled with.
        """


def weighted(candidates: Tensor, returns: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean and variance of candidates (count, horizon, actions).

    What is not finite lends no weight, however little is left; nothing finite gives no number.
    """
    finite = returns > WORST
    weights = weights * finite.to(weights.dtype)
    weights = (weights / weights.sum())[:, None, None]
    # a proposal may be no number itself, and would stay none times zero
    candidates = torch.where(finite[:, None, None], candidates, 0.0)
    mean = (weights * candidates).sum(0)
    return mean, (weights * (candidates - mean) ** 2).sum(0)
