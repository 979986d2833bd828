# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A probabilistic ensemble on normalised residuals (Chua et al. 2018, PETS)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.networks.mlp import BatchedMLP, Network


class GaussianEnsemble(NetworkEnsemble):
    """Each member predicts the residual as a Gaussian.

    Args:
        members: Ensemble members.
        state_size: Values of x.
        action_size: Values of u.
        hidden: Units per hidden layer.
        layers: Hidden layers.
        net: Maps (members or 1, batch, state + 2 actions) to means and raw log-variances, (members, batch, 2 state);
            one perceptron for each member if not given.
    """

    def __init__(
        self,
        members: int,
        state_size: int,
        action_size: int,
        hidden: int,
        layers: int,
        net: Network | None = None,
    ) -> None:
        super().__init__(members, state_size, action_size)
        size_in, size_out = state_size + 2 * action_size, 2 * state_size
        self.net: Network = net or BatchedMLP(members, size_in, hidden, layers, size_out)
        # soft bounds of the log-variance (PETS, appendix A.1), in normalised units
        self.log_variance_high = nn.Parameter(torch.full((state_size,), 0.5))
        self.log_variance_low = nn.Parameter(torch.full((state_size,), -10.0))

    def forward(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the normalised residual, two tensors of shape (members, batch, state)."""
        output = self.net(self.encode(state, last_action, action))
        mean, raw = output[..., : self.state_size], output[..., self.state_size :]
        high, low = self.log_variance_high, self.log_variance_low
        log_variance = high - nn.functional.softplus(high - raw)
        log_variance = low + nn.functional.softplus(log_variance - low)
        return mean, log_variance

    def predict(self, state: Tensor, last_action: Tensor, action: Tensor) -> Tensor:
        """Each member's mean next state, (members, batch, state); variances are not computed."""
        mean = self.net.first(self.encode(state, last_action, action), self.state_size)
        return state + self.residuals.restore(mean)

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """See `DynamicsModel.distribution`."""
        mean, log_variance = self(state, last_action, action)
        return state + self.residuals.restore(mean), self.residuals.std * (0.5 * log_variance).exp()

    def losses(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Gaussian negative log-likelihood, mean over batch and state, without its constant (PETS, eq. 1)."""
        mean, log_variance = self(state, last_action, action)
        error = self.targets(state, next_state) - mean
        return 0.5 * (error**2 * (-log_variance).exp() + log_variance).mean((1, 2))

    def penalty(self) -> Tensor:
        """Draws the bounds of the variance together (PETS, appendix A.1; the weight is that of its code)."""
        return 0.01 * (self.log_variance_high.sum() - self.log_variance_low.sum())
