# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Policies and critics."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ros_rl.networks.layers import InPlaceReLU
from ros_rl.networks.mlp import BatchedMLP
from ros_rl.networks.squashing import LOG_STD_HIGH, LOG_STD_LOW, log_density, squashed_sample

_AT_LIMIT = 1e-5
"""An action within this of +-1 was clipped: undoing a smoothing of 0.95 magnifies a float32's rounding to 2e-6."""


class SquashedGaussianPolicy(nn.Module):
    """tanh of a Gaussian whose mean and deviation depend on the input (Haarnoja et al. 2018, SAC).

    Args:
        size_in: Inputs.
        action_size: Actions.
        hidden: Units in each of the two hidden layers.
    """

    def __init__(self, size_in: int, action_size: int, hidden: int) -> None:
        super().__init__()
        self.action_size = action_size
        self.net = BatchedMLP(1, size_in, hidden, 2, 2 * action_size, activation=InPlaceReLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-deviation before the squashing, each of shape (batch, actions), from (batch, inputs)."""
        output = self.net(x[None])[0]
        mean, log_std = output[..., : self.action_size], output[..., self.action_size :]
        return mean, log_std.clamp(LOG_STD_LOW, LOG_STD_HIGH)

    def act(self, x: Tensor, noise: Tensor) -> Tensor:
        """An action in (-1, 1) from standard normal noise; zero noise gives the deterministic one."""
        mean, log_std = self(x)
        return torch.tanh(mean + log_std.exp() * noise)

    def sample(self, x: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """A reparameterised action and its log-probability; see `squashed_sample`."""
        return self.squashed(self.net(x[None])[0], noise)

    def squashed(self, output: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `sample`, from what the network gives, (batch, 2 actions)."""
        noise = torch.randn_like(output[..., : self.action_size]) if noise is None else noise
        return squashed_sample(output, noise)

    def log_probability(self, x: Tensor, raw: Tensor) -> Tensor:
        """Of the actions tanh(raw), (...,), from inputs (..., inputs) and raw actions (..., actions)."""
        mean, log_std = (part.reshape(raw.shape) for part in self(x.reshape(-1, x.shape[-1])))
        return log_density(raw, (raw - mean) / log_std.exp(), log_std)


class ClippedGaussianPolicy(nn.Module):
    """A Gaussian whose samples are clipped to [-1, 1], and the exact log-probability of what acts.

    A likelihood-ratio gradient needs the log-probability of stored actions. For a squashed Gaussian that takes atanh,
    and near +-1, where the best actions often are, a float32 no longer tells its argument. Here an action inside has
    the Gaussian's density and one at the limit the probability of all that is clipped to it (Fujita and Maeda 2018,
    "Clipped Action Policy Gradient"): no bias, and less variance than with the density of the unclipped sample.

    Args:
        size_in: Inputs.
        action_size: Actions.
        hidden: Units in each of the two hidden layers.
        initial_std: Deviation before learning, about.
    """

    def __init__(self, size_in: int, action_size: int, hidden: int, initial_std: float) -> None:
        super().__init__()
        self.action_size, self.initial_log_std = action_size, math.log(initial_std)
        self.net = BatchedMLP(1, size_in, hidden, 2, 2 * action_size, activation=InPlaceReLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean, in (-1, 1), and log-deviation before the clipping, each (batch, actions), from (batch, inputs)."""
        output = self.net(x[None])[0]
        log_std = output[..., self.action_size :] + self.initial_log_std
        return torch.tanh(output[..., : self.action_size]), log_std.clamp(LOG_STD_LOW, LOG_STD_HIGH)

    def act(self, x: Tensor, noise: Tensor) -> Tensor:
        """An action in [-1, 1] from standard normal noise, reparameterised; zero noise gives the mean."""
        mean, log_std = self(x)
        return (mean + log_std.exp() * noise).clamp(-1.0, 1.0)

    def log_probability(self, x: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probability of actions, and entropy of the Gaussian before it is clipped [nat], each (batch,)."""
        mean, log_std = self(x)
        std = log_std.exp()
        inside = -0.5 * ((action - mean) / std) ** 2 - log_std - 0.5 * math.log(2 * math.pi)
        beyond = torch.special.log_ndtr((mean * action.sign() - 1.0) / std)
        log_probability = torch.where(action.abs() < 1.0 - _AT_LIMIT, inside, beyond)
        return log_probability.sum(-1), (log_std + 0.5 * math.log(2 * math.pi * math.e)).sum(-1)


class DeterministicPolicy(nn.Module):
    """tanh of a perceptron (Lillicrap et al. 2016, DDPG); the arguments are those of `SquashedGaussianPolicy`."""

    def __init__(self, size_in: int, action_size: int, hidden: int) -> None:
        super().__init__()
        self.net = BatchedMLP(1, size_in, hidden, 2, action_size, activation=InPlaceReLU)

    def forward(self, x: Tensor) -> Tensor:
        """Actions in (-1, 1), (batch, actions), from (batch, inputs)."""
        return torch.tanh(self.net(x[None])[0])
