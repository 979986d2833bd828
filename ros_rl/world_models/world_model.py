# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A world model: what is seen becomes latents, and these tell what follows, what it brings and whether it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.networks.images import ObservationEncoder
from ros_rl.networks.normaliser import RunningNormaliser
from ros_rl.settings.world_models import LatentSettings
from ros_rl.world_models.categorical import balanced, divergence
from ros_rl.world_models.layers import Perceptron
from ros_rl.world_models.recurrent import Latent, RecurrentModel
from ros_rl.world_models.targets import EmbeddingTarget, Reconstruction, Target
from ros_rl.world_models.two_hot import TwoHot

_SMALLEST_DEVIATION = 0.01
"""Values that vary less, after their scale, are not magnified to vary by one."""


_SMALLEST_CONTRAST = 1e-3
"""The same of pixels, as shares of the brightest."""


class Seen(NamedTuple):
    """Tensors of streams, time first; see `ros_rl.replay.stream.Stream`."""

    observation: Tensor
    """(length, batch, observation_size)"""
    action: Tensor
    """(length, batch, action values)"""
    reward: Tensor
    """(length, batch)"""
    terminated: Tensor
    """(length, batch)"""
    first: Tensor
    """(length, batch)"""
    images: Mapping[str, Tensor]
    """(length, batch, height, width, channels) by name, uint8"""


class WorldModel(nn.Module):
    """See the module.

    Args:
        layout: Of observations.
        action_size: Values of an action, as the model sees it.
        settings: Sizes and weights.
    """

    scale: Tensor

    def __init__(self, layout: Layout, action_size: int, settings: LatentSettings) -> None:
        super().__init__()
        s = self.settings = settings
        self.register_buffer("scale", torch.tensor(layout.scale, dtype=torch.float32))
        self.normaliser = RunningNormaliser(layout.size, _SMALLEST_DEVIATION)
        self.pictures = nn.ModuleDict(
            {item.name: RunningNormaliser(item.size, _SMALLEST_CONTRAST) for item in layout.images}
        )
        self.eyes = ObservationEncoder(_images_alone(layout), 1, s.channels, s.hidden)
        self.encoder = Perceptron(self.eyes.size + layout.size, s.hidden, s.hidden)
        sizes = (s.memory, s.hidden, s.variables, s.classes)
        self.recurrent = RecurrentModel(action_size, s.hidden, *sizes, s.uniform)
        features = self.recurrent.size
        self.target: Target
        if s.target == "reconstruction":
            sizes_seen = (layout.size, layout.images, s.channels, s.deviation, s.pixel_deviation)
            self.target = Reconstruction(features, s.hidden, *sizes_seen)
        else:
            self.target = EmbeddingTarget(features, s.hidden)
        self.reward = TwoHot(features, s.hidden, s.bins, s.largest)
        self.goes_on = Perceptron(features, s.hidden, 1)

    def vector(self, observation: Tensor) -> Tensor:
        """What is seen beside images as networks see it: each value in deviations from its mean."""
        return self.normaliser.normalise(observation * self.scale)

    def observation(self, vector: Tensor) -> Tensor:
        """The inverse of `vector`."""
        return self.normaliser.restore(vector) / self.scale

    def notice(self, seen: Seen) -> None:
        """Let what is seen say what is usual."""
        self.normaliser.notice(seen.observation.flatten(0, 1) * self.scale)
        for name, image in seen.images.items():
            self._usual(name).notice(image.flatten(0, 1).flatten(1) / 255.0)

    def _usual(self, name: str) -> RunningNormaliser:
        """Mean and deviation of an image's values."""
        found = self.pictures[name]
        assert isinstance(found, RunningNormaliser)
        return found

    def contrast(self, name: str, image: Tensor) -> Tensor:
        """How an image, of values 0 to 255, differs from the mean one, in deviations that are the same for all pixels.

        A thing of a few pixels is then worth as much as one that fills the picture.
        """
        usual = self._usual(name)
        return (image / 255.0 - usual.mean.view(image.shape[-3:])) / usual.std.square().mean().sqrt()

    def image(self, name: str, contrast: Tensor) -> Tensor:
        """The inverse of `contrast`, as shares of the brightest."""
        usual = self._usual(name)
        return contrast * usual.std.square().mean().sqrt() + usual.mean.view(contrast.shape[-3:])

    def embed(self, vector: Tensor, images: Mapping[str, Tensor]) -> Tensor:
        """Embeddings, (count, embedding), of vectors (count, size) and images (count, height, width, channels)."""
        parts = [vector] if vector.shape[-1] else []
        if images:
            frames = {name: image[:, None] for name, image in images.items()}
            parts.append(self.eyes(self.eyes.packing.pack(vector[:, None, :0], frames)))
        found: Tensor = self.encoder(torch.cat(parts, -1))
        return found

    def continuation(self, features: Tensor) -> Tensor:
        """Probability that the task does not end with this latent, (...,)."""
        return torch.sigmoid(self.goes_on(features)[..., 0])

    def losses(self, seen: Seen) -> tuple[dict[str, Tensor], Latent, dict[str, float]]:
        """What to add up, by name, each a single number; the latents, (length, batch, ...); and further figures."""
        s, shape = self.settings, seen.first.shape
        vector = self.vector(seen.observation).flatten(0, 1)
        images = {name: image.flatten(0, 1) for name, image in seen.images.items()}
        embedding = self.embed(vector, images)
        latent, posterior = self.recurrent.observe(embedding.unflatten(0, shape), seen.action, seen.first)
        beliefs = (posterior, self.recurrent.prior(latent.memory))
        posterior, prior = (self.recurrent.log_probability(belief) for belief in beliefs)
        features, led = latent.features, 1.0 - seen.first
        count = led.sum().clamp_min(1.0)
        ends = functional.binary_cross_entropy_with_logits(
            self.goes_on(features)[..., 0], 1.0 - seen.terminated, reduction="none"
        )
        apart = balanced(posterior, prior, s.free_nats, s.learn_prior, s.learn_posterior)
        contrasts = {name: self.contrast(name, image) for name, image in images.items()}
        losses = self.target.losses(features.flatten(0, 1), embedding, vector, contrasts)
        losses |= {
            "divergence_loss": apart.mean(),
            "reward_loss": (self.reward.loss(features, seen.reward) * led).sum() / count,
            "end_loss": (ends * led).sum() / count,
        }
        with torch.no_grad():
            figures = {"divergence": float(divergence(posterior, prior).mean())}
        return losses, latent, figures


def _images_alone(layout: Layout) -> Layout:
    """The same without values beside the images."""
    empty = [Field(name, (0,), "1", 1.0, "action") for name in (LAST_ACTION, PENDING_ACTIONS)]
    return Layout(layout.name, layout.actions, [*empty, *layout.images])
