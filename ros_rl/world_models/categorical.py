# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Latent variables of several classes: how they are drawn, and how far two beliefs about them are apart."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SMALLEST = 1e-6
"""Uniform numbers keep this far from 0 and 1, so that their logarithms are finite in float32."""


def mixed(logits: Tensor, share: float) -> Tensor:
    """Probabilities (..., classes), of which a share is uniform, so that none is ever zero (Hafner et al. 2023)."""
    return (1.0 - share) * functional.softmax(logits, -1) + share / logits.shape[-1]


def log_mixed(logits: Tensor, share: float) -> Tensor:
    """The logarithm of `mixed`: finite, too, where no share is uniform and a probability is too small for its type."""
    return mixed(logits, share).log() if share else functional.log_softmax(logits, -1)


def draw(probability: Tensor, uniform: Tensor) -> Tensor:
    """One class of each variable, drawn by its distribution function; see `one_of`.

    Args:
        probability: (..., classes)
        uniform: Numbers in [0, 1) that decide, (...).
    """
    passed = probability.detach().cumsum(-1)[..., :-1] <= uniform[..., None]  # rounding leaves the last one a chance
    return one_of(probability, passed.sum(-1, keepdim=True))


def one_of(probability: Tensor, index: Tensor) -> Tensor:
    """A 1 at an index (..., 1) among zeros, (..., classes); its gradient is the probabilities' (straight through)."""
    # not `one_hot`, which knows no float32 and costs three times as much
    drawn = torch.zeros_like(probability).scatter_(-1, index, 1.0)
    return drawn + (probability - probability.detach())


def uniform_of(normal: Tensor) -> Tensor:
    """Numbers between 0 and 1, all alike, from standard normal ones, by their distribution function."""
    return (0.5 + 0.5 * torch.erf(normal * 0.5**0.5)).clamp(_SMALLEST, 1.0 - _SMALLEST)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL(p || q) [nat], summed over the variables: (...,) from log-probabilities (..., variables, classes)."""
    return (p.exp() * (p - q)).sum((-1, -2))


def balanced(posterior: Tensor, prior: Tensor, free: float, learn_prior: float, learn_posterior: float) -> Tensor:
    """What the divergence of posterior from prior costs, (...,) (Hafner et al. 2021 and 2023, KL balancing).

    It is learned from twice: by the prior, to foretell the posterior, and less by the posterior, to be foretold.

    Args:
        posterior: Log-probabilities (..., variables, classes).
        prior: Of the same shape.
        free: What a divergence may be for nothing [nat].
        learn_prior: Weight of the prior's part.
        learn_posterior: Weight of the posterior's part.
    """
    foretell = divergence(posterior.detach(), prior).clamp_min(free)
    be_foretold = divergence(posterior, prior.detach()).clamp_min(free)
    return learn_prior * foretell + learn_posterior * be_foretold
