# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a latent is to hold: enough to show again what was seen, or to foretell its embedding."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ros_rl.layout import Field
from ros_rl.world_models.layers import Dense, Perceptron

_REDUNDANCY = 5e-4
"""Weight of the correlations that should be zero (R2-Dreamer, arXiv 2603.18202, its code's default)."""
_EMBEDDING = 0.05
"""Weight of the whole loss (same source)."""
_SMALLEST = 1e-6
_SMALLEST_SIDE = 4
"""Side of the image that decoding begins with, about [px]."""


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
            images: By name, (count, height, width, channels), in deviations from the mean picture.
        """


class ImageDecoder(nn.Module):
    """An image of latents: a small one of many channels, whose side transposed convolutions double again and again.

    Args:
        features: Values of a latent.
        shape: Of the image, (height, width, channels).
        channels: Of each convolution.
    """

    def __init__(self, features: int, shape: Sequence[int], channels: int) -> None:
        super().__init__()
        self.height, self.width, colours = shape
        doublings = max(1, round(math.log2(min(self.height, self.width) / _SMALLEST_SIDE)))
        self.start = (channels, -(-self.height // 2**doublings), -(-self.width // 2**doublings))
        self.first = Dense(features, math.prod(self.start))
        layers: list[nn.Module] = []
        for k in range(doublings):
            last = k == doublings - 1
            layers.append(nn.ConvTranspose2d(channels, colours if last else channels, 4, stride=2, padding=1))
            layers += [] if last else [nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, features: Tensor) -> Tensor:
        """(count, height, width, channels), from (count, features)."""
        x = self.first(features).unflatten(-1, self.start).contiguous(memory_format=torch.channels_last)
        return self.layers(x)[:, :, : self.height, : self.width].permute(0, 2, 3, 1)


class Reconstruction(Target):
    """Decoders show again what was seen: half the squared error in units of a deviation, summed over all values.

    Args:
        features: Values of a latent.
        hidden: Units of hidden layers.
        size: Values of what is seen beside images.
        images: Fields of these.
        channels: Of each convolution.
        deviation: Standard deviation of values, as networks see them.
        pixel_deviation: Of pixels' values, in deviations of the images from their mean.
    """

    def __init__(
        self,
        features: int,
        hidden: int,
        size: int,
        images: Sequence[Field],
        channels: int,
        deviation: float,
        pixel_deviation: float,
    ) -> None:
        super().__init__()
        self.weight, self.pixel_weight = 0.5 / deviation**2, 0.5 / pixel_deviation**2
        self.vector = Perceptron(features, hidden, size) if size else None
        self.decoders = nn.ModuleDict({item.name: ImageDecoder(features, item.shape, channels) for item in images})

    def losses(
        self, features: Tensor, embedding: Tensor, vector: Tensor, images: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """See `Target.losses`."""
        found = {}
        if self.vector is not None:
            found["reconstruction_loss"] = self.weight * (self.vector(features) - vector).square().sum(-1).mean()
        pixels = [(decode(features) - images[name]).square().sum() for name, decode in self.decoders.items()]
        if pixels:
            found["image_loss"] = self.pixel_weight * torch.stack(pixels).sum() / len(features)
        return found


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
