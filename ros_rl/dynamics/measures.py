# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How well predictions describe what happened."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import ArrayLike
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


def coverage(error: ArrayLike, std: ArrayLike, sigmas: float) -> float:
    """Share of errors within so many predicted standard deviations; of a Gaussian 0.683 for 1, 0.954 for 2."""
    return float((np.abs(np.asarray(error)) <= sigmas * np.asarray(std)).mean())


def mixture_moments(mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation, (...), of an equal mixture of the members' distributions, (members, ...).

    The law of total variance: aleatoric variance is the members' mean variance, epistemic that of their means.
    """
    variance = (std**2).mean(0) + mean.var(0, correction=0)
    return mean.mean(0), variance.sqrt()


def disagreement(mean: Tensor) -> Tensor:
    """Epistemic standard deviation, (batch,): of the members' means (members, batch, size), root mean square."""
    return mean.var(0, correction=0).mean(-1).sqrt()


def auroc(negative: ArrayLike, positive: ArrayLike) -> float:
    """Probability that a score of `positive` lies above one of `negative` (ties count half); 0.5 is chance."""
    ordered, scores = np.sort(np.asarray(negative)), np.asarray(positive)
    below, not_above = np.searchsorted(ordered, scores, "left"), np.searchsorted(ordered, scores, "right")
    return float((below + not_above).mean() / (2.0 * len(ordered)))
