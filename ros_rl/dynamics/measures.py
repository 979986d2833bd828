# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How well predictions describe what happened."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def energy_distance(a: Tensor, b: Tensor) -> Tensor:
    """2 E|A - B| - E|A - A'| - E|B - B'|, (...,), from samples (..., count, size); zero only for equal distributions.

    Szekely and Rizzo 2013. The unbiased form: no sample is compared with itself, so it may fall just below zero.
    """
    within = [_mean_distance(x, x) * x.shape[-2] / (x.shape[-2] - 1) for x in (a, b)]
    return 2.0 * _mean_distance(a, b) - within[0] - within[1]


def _mean_distance(a: Tensor, b: Tensor) -> Tensor:
    # not torch.cdist's matrix product, which is off by 1e-3 for points that lie close
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").mean((-2, -1))


def gaussian_nll(mean: Tensor, std: Tensor, value: Tensor) -> Tensor:
    """Negative log-likelihood [nat], (...,), summed over the last axis."""
    return (0.5 * ((value - mean) / std) ** 2 + std.log() + 0.5 * math.log(2.0 * math.pi)).sum(-1)


def coverage(mean: Tensor, std: Tensor, value: Tensor, sigmas: float) -> float:
    """The share of values within so many standard deviations of the mean; of a Gaussian 0.683 for 1, 0.954 for 2."""
    return float(((value - mean).abs() <= sigmas * std).double().mean())


def mixture_moments(mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation, (...), of an equal mixture of the members' distributions, (members, ...).

    The law of total variance: aleatoric variance is the members' mean variance, epistemic that of their means.
    """
    variance = (std**2).mean(0) + mean.var(0, correction=0)
    return mean.mean(0), variance.sqrt()


def disagreement(mean: Tensor) -> Tensor:
    """Epistemic standard deviation, (batch,): of the members' means (members, batch, size), root mean square."""
    return mean.var(0, correction=0).mean(-1).sqrt()


def auroc(negative: Tensor, positive: Tensor) -> float:
    """Probability that a score of `positive` lies above one of `negative` (ties count half); 0.5 is chance."""
    ordered = negative.sort().values
    below = torch.searchsorted(ordered, positive, right=False)
    not_above = torch.searchsorted(ordered, positive, right=True)
    return float((below + not_above).double().mean() / (2.0 * len(ordered)))
