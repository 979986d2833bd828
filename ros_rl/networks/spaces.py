# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How agents see flat observations: states, goals, network inputs and the smoothing of actions (torch)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ros_rl.layout import Layout


class Spaces(nn.Module):
    """Cuts and scales observations of one layout, and shapes actions.

    Args:
        spec: Layout of observations.
        smoothing: Share of the last action in the next one.
    """

    scale: Tensor

    def __init__(self, spec: Layout, smoothing: float) -> None:
        super().__init__()
        self.spec, self.smoothing = spec, smoothing
        self.state_size, self.goal_size, self.action_size = spec.state_size, spec.goal_size, spec.action_size
        self.input_size = spec.state_size + spec.goal_size + spec.action_size
        self.register_buffer("scale", torch.tensor(spec.scale[: spec.state_size + spec.goal_size], dtype=torch.float32))

    def fields(self, state: Tensor, goal: Tensor) -> dict[str, Tensor]:
        """State and goal fields by name; `goal` of shape (goal_size,) or as `state`."""
        fields = self.spec.split(state)
        start = self.spec.state_size
        for item in self.spec.fields:
            if item.kind == "goal":
                part = self.spec.slices[item.name]
                fields[item.name] = goal[..., part.start - start : part.stop - start]
        return fields

    def network_input(self, state: Tensor, goal: Tensor, last_action: Tensor) -> Tensor:
        """What policies and critics see: scaled state and goal, and u_{k-1}, shape (..., input_size)."""
        if self.goal_size:
            state = torch.cat([state, goal.expand(*state.shape[:-1], self.goal_size)], -1)
        return torch.cat([state * self.scale, last_action], -1)

    def smooth(self, action: Tensor, last_action: Tensor) -> Tensor:
        """The action that acts: a low-pass of the chosen one. It stays within [-1, 1]."""
        return (1.0 - self.smoothing) * action + self.smoothing * last_action
