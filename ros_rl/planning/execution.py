# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What of a plan is executed, and what of it the next decision is told (torch).

A control graph remembers by its carry alone, so the last plan lies in it as flat numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.planning.plan import Carried
from ros_rl.settings.planner import PlannerSettings


class Execution:
    """Receding horizon, or each plan to its end.

    Args:
        settings: Name the execution, the horizon, and whether plans start from the last one.
        action_size: Values per action.
    """

    def __init__(self, settings: PlannerSettings, action_size: int) -> None:
        self.horizon, self.action_size = settings.horizon, action_size
        self.open_loop = settings.execution == "open_loop"
        self.carry_size = 1 + self.horizon * action_size if self.open_loop or settings.warm_start else 0
        """Numbers that are carried; all zero means that there is no plan."""

    def read(self, carry: Tensor) -> Carried | None:
        """The last plan's rest; None where none is kept."""
        if not self.carry_size:
            return None
        return Carried(carry[1:].reshape(self.horizon, self.action_size), carry[:1])

    def choose(self, fresh: Tensor, last: Carried | None) -> tuple[Tensor, Tensor]:
        """The actions from now on, (horizon, actions), and the next carry.

        Args:
            fresh: (horizon, actions): the plan that was made now.
            last: The last plan's rest.
        """
        if last is None:
            return fresh, fresh.new_zeros(0)
        left = torch.full_like(last.left, self.horizon)
        if self.open_loop:
            left = torch.where(last.left > 0.5, last.left, left)
            fresh = torch.where(last.left > 0.5, last.actions, fresh)
        rest = torch.cat([fresh[1:], fresh[-1:]])
        return fresh, torch.cat([left - 1.0, rest.reshape(-1)])
