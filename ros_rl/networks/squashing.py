# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Gaussian squashed by tanh (Haarnoja et al. 2018, SAC): actions, their log-probability and the way back by hand."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import softplus

LOG_STD_LOW, LOG_STD_HIGH = -5.0, 2.0


def squashed_sample(output: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Reparameterised actions and their log-probability; both can be differentiated once.

    Args:
        output: Mean and log-deviation side by side, (batch, 2 actions); the latter is clipped.
        noise: Standard normal, (batch, actions).

    Returns:
        Actions in (-1, 1), (batch, actions), and log-probabilities, (batch,).
    """
    found: tuple[Tensor, Tensor] = _SquashedSample.apply(output, noise)
    return found


def log_density(raw: Tensor, noise: Tensor, log_std: Tensor) -> Tensor:
    """Of tanh(raw) (SAC, appendix C; stable form of log(1 - tanh^2)), where raw = mean + exp(log_std) noise."""
    log_normal = (-0.5 * noise**2 - log_std - 0.5 * math.log(2 * math.pi)).sum(-1)
    log_squash = (2 * (math.log(2.0) - raw - softplus(-2 * raw))).sum(-1)
    return log_normal - log_squash


class _SquashedSample(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, output: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        mean, asked = output.chunk(2, -1)
        log_std = asked.clamp(LOG_STD_LOW, LOG_STD_HIGH)
        spread = log_std.exp() * noise
        raw = mean + spread
        action = torch.tanh(raw)
        ctx.save_for_backward(asked == log_std, spread, action)
        return action, log_density(raw, noise, log_std)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_action: Tensor, of_density: Tensor) -> tuple[Tensor, None]:
        inside, spread, action = ctx.saved_tensors
        of_density = of_density[..., None]
        # d log(1 - tanh(r)^2) / dr = -2 tanh(r)
        of_raw = of_action * (1.0 - action * action) + (2.0 * of_density) * action
        return torch.cat([of_raw, (of_raw * spread - of_density) * inside], -1), None
