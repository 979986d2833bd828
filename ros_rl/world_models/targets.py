# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a latent is to hold: enough to show again what was seen, or to foretell its embedding."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ros_rl.world_models.layers import Perceptron

_REDUNDANCY = 5e-4
"""Weight of the correlations that should be zero (R2-Dreamer, arXiv 2603.18202, its code's default)."""
_EMBEDDING = 0.05
"""Weight of the whole loss (same source)."""
_SMALLEST = 1e-6


class Target(nn.Module, ABC):
    """What latents are learned to hold."""

    @abstractmethod
    def losses(
        self, features: Tensor, embedding: Tensor, vector: Tensor, images: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """What to add up, by name, each a single number.

        Args:
            features: Of latents, (count, features).
            embedding: Of what was seen, (count, embedding).
            vector: What was seen, (count, size).
            images: By name, (count, height, width, channels), uint8.
        """


class Reconstruction(Target):
    """Decoders show again what was seen: half the squared error in units of a deviation, summed over all values.

    Args:
        features: Values of a latent.
        hidden: Units of hidden layers.
        size: Values of what is seen beside images.
        deviation: Standard deviation of these values, as networks see them.
    """

    def __init__(self, features: int, hidden: int, size: int, deviation: float) -> None:
        super().__init__()
        self.weight = 0.5 / deviation**2
        self.vector = Perceptron(features, hidden, size) if size else None

    def losses(
        self, features: Tensor, embedding: Tensor, vector: Tensor, images: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """See `Target.losses`."""
        if self.vector is None:
            return {}
        return {"reconstruction_loss": self.weight * (self.vector(features) - vector).square().sum(-1).mean()}


class EmbeddingTarget(Target):
    """No decoder: what a latent foretells of the embedding correlates with it, value by value, and with no other value.

    The cross-correlation of both over the batch is to be the unit matrix (Zbontar et al. 2021, Barlow Twins; between
    latents and embeddings by R2-Dreamer, arXiv 2603.18202). The embedding is a constant here.

    Args:
        features: Values of a latent.
        embedding: Values of an embedding.
    """

    def __init__(self, features: int, embedding: int) -> None:
        super().__init__()
        self.foretold = nn.Linear(features, embedding, bias=False)

    def losses(
        self, features: Tensor, embedding: Tensor, vector: Tensor, images: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """See `Target.losses`."""
        ours, theirs = _standardised(self.foretold(features)), _standardised(embedding.detach())
        correlation = ours.mT @ theirs / len(ours)
        same = torch.diagonal(correlation)
        others = correlation.square().sum() - same.square().sum()
        return {"embedding_loss": _EMBEDDING * ((same - 1.0).square().sum() + _REDUNDANCY * others)}


def _standardised(x: Tensor) -> Tensor:
    return (x - x.mean(0)) / (x.std(0) + _SMALLEST)
