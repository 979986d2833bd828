# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Gradient ascent on the action sequence, through the model (torch)."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ros_rl.planning.plan import Plan, Start
from ros_rl.planning.planner import Planner
from ros_rl.planning.world import W


class GradientPlanner(Planner[W]):
    """Adam (Kingma and Ba 2015) on the objective, projected onto the bounds after each step.

    It starts at the first mean and keeps the best sequence on its way, so the model never prefers the start. Proposals
    other than the first are not used.
    """

    not_exportable: ClassVar[str] = (
        "the gradient planner differentiates through the model, which a control graph cannot"
    )

    @torch.enable_grad()
    def optimise(self, start: Start, mean: Tensor, proposals: Tensor, noise: Tensor) -> Plan:
        """Ascend for `iterations` steps; see `Planner.optimise`. A gradient that is not finite counts as zero."""
        s = self.settings
        actions = mean.detach().clone().requires_grad_(True)
        adam = torch.optim.Adam([actions], s.gradient_rate, maximize=True)
        met, returns = [], []
        for step in range(s.iterations + 1):
            value = self.score(start, actions[None])[0]
            met.append(actions.detach().clone())
            returns.append(value.detach())
            if step < s.iterations:
                (gradient,) = torch.autograd.grad(value, actions)
                actions.grad = torch.nan_to_num(gradient, 0.0, 0.0, 0.0)
                adam.step()
                with torch.no_grad():
                    actions.clamp_(-1.0, 1.0)
        found = torch.stack(returns)
        return Plan(met[int(found.argmax())], torch.full_like(mean, s.std_init), found)
