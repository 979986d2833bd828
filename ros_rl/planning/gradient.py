# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Gradient ascent on the action sequence, through the model (torch)."""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.planning.derivative import value_and_gradient
from ros_rl.planning.plan import Plan, Start
from ros_rl.planning.planner import Planner
from ros_rl.planning.world import W

_MEMORIES = 0.9, 0.999
"""Shares of the old moments in the new ones, as by Kingma and Ba."""


class GradientPlanner(Planner[W]):
    """Adam (Kingma and Ba 2015) on the objective, projected onto the bounds after each step.

    It starts at the first mean and keeps the best sequence on its way, so the model never prefers the start. Proposals
    other than the first are not used.
    """

    def optimise(self, start: Start, mean: Tensor, proposals: Tensor, noise: Tensor) -> Plan:
        """Ascend for `iterations` steps; see `Planner.optimise`. A gradient that is not finite counts as zero."""
        s, (first, second) = self.settings, _MEMORIES
        met, returns = [mean.detach()], []
        average, square = torch.zeros_like(mean), torch.zeros_like(mean)
        for step in range(1, s.iterations + 1):
            value, gradient = value_and_gradient(lambda u: self.score(start, u[None])[0], met[-1])
            gradient = torch.where(gradient.abs() < torch.inf, gradient, 0.0)
            average = first * average + (1.0 - first) * gradient
            square = second * square + (1.0 - second) * gradient**2
            move = average / (1.0 - first**step) / ((square / (1.0 - second**step)).sqrt() + 1e-8)
            met.append((met[-1] + s.gradient_rate * move).clamp(-1.0, 1.0))
            returns.append(value)
        found = torch.stack([*returns, self.score(start, met[-1][None])[0].detach()])
        best = torch.topk(found, 1).indices
        return Plan(torch.stack(met)[best][0], torch.full_like(mean, s.std_init), found)
