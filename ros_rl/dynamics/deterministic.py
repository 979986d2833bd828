# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A deterministic ensemble on normalised residuals (Nagabandi et al. 2018; Kurutach et al. 2018, ME-TRPO)."""

from __future__ import annotations

import torch
from torch import Tensor

from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.networks.mlp import BatchedMLP


class DeterministicEnsemble(NetworkEnsemble):
    """Each member predicts the residual as one vector; it knows no chance.

    Args:
        members: Ensemble members.
        state_size: Values of x.
        action_size: Values of u.
        hidden: Units per hidden layer.
        layers: Hidden layers.
    """

    def __init__(self, members: int, state_size: int, action_size: int, hidden: int, layers: int) -> None:
        super().__init__(members, state_size, action_size)
        self.net = BatchedMLP(members, state_size + 2 * action_size, hidden, layers, state_size)

    def forward(self, state: Tensor, last_action: Tensor, action: Tensor) -> Tensor:
        """The normalised residual, (members, batch, state)."""
        return self.net(self.encode(state, last_action, action))

    def predict(self, state: Tensor, last_action: Tensor, action: Tensor) -> Tensor:
        """Each member's next state, (members, batch, state)."""
        return state + self.residuals.restore(self(state, last_action, action))

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """The prediction, and a deviation of zero."""
        mean = self.predict(state, last_action, action)
        return mean, torch.zeros_like(mean)

    def losses(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Squared error of the normalised residual, mean over batch and state."""
        error = self.targets(state, next_state) - self(state, last_action, action)
        return (error**2).mean((1, 2))
