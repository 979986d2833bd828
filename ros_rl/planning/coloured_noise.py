# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Time-correlated noise as a fixed linear map of white noise, so that it exports (torch)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def colour_map(horizon: int, beta: float) -> Tensor:
    """The matrix that turns white noise over the horizon into noise with the power spectrum 1 / f^beta.

    Pinneri et al. 2020 (iCEM) draw such sequences in the frequency domain (Timmer and Koenig 1995), where a sequence's
    end is bound to its beginning. Here a plan is the first half of a sequence of twice its length, which loosens that
    bond, and leaves colour to plans of two or three steps. As in theirs, the lowest frequency holds for the mean too.

    Args:
        horizon: Steps.
        beta: Exponent; 0 gives the identity.

    Returns:
        (horizon, horizon), lower triangular, on the CPU; each step of the result has variance 1.
    """
    length = 2 * horizon
    frequency = torch.arange(length, dtype=torch.float64, device="cpu")
    frequency = torch.minimum(frequency, length - frequency).clamp_min(1.0) / length
    power = frequency**-beta
    lag = torch.arange(horizon, dtype=torch.float64, device="cpu")
    cosines = torch.cos(2.0 * math.pi * lag[:, None] * torch.arange(length, device="cpu") / length)
    covariance = (cosines * power).sum(1) / power.sum()
    index = torch.arange(horizon, device="cpu")
    return torch.linalg.cholesky(covariance[(index[:, None] - index).abs()]).to(torch.float32)
