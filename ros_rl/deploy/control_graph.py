# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What acts, before its export (torch; contract 6 of the design)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ros_rl.layout import Layout


class ControlGraph(nn.Module):
    """What acts, before its export. Inputs and outputs have no batch axis and are float32; images are uint8.

    Args:
        spec: Layout of observations; its non-empty fields and its images are the inputs.
    """

    carry: tuple[float, ...] = ()
    """The initial carry."""
    telemetry_names: tuple[str, ...] = ()
    """Names of the outputs after the carry."""
    not_exportable: str = ""
    """Why this graph cannot be exported; empty if it can."""

    def __init__(self, spec: Layout) -> None:
        super().__init__()
        self.spec = spec

    @property
    @abstractmethod
    def noise_shape(self) -> list[int]:
        """Shape of the standard normal input."""

    @abstractmethod
    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """Decide.

        Args:
            observation: Flat, (observation_size,).
            carry: Of the last decision.
            noise: Of shape `noise_shape`.
            explore: (1,): 0 evaluates, 1 behaves.

        Returns:
            Action in [-1, 1], next carry, then one tensor per telemetry name.
        """

    def act_on_images(
        self, observation: Tensor, images: Mapping[str, Tensor], carry: Tensor, noise: Tensor, explore: Tensor
    ) -> tuple[Tensor, ...]:
        """Decide with the images, too; whoever overrides this sees them, all others have `act` alone.

        Args:
            observation: Flat, (observation_size,).
            images: By name, (height, width, channels), uint8.
            carry: Of the last decision.
            noise: Of shape `noise_shape`.
            explore: (1,): 0 evaluates, 1 behaves.

        Returns:
            As `act`.
        """
        return self.act(observation, carry, noise, explore)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Join the fields and decide; see `act`.

        Args:
            inputs: Fields and images in the order of `Layout.inputs`, then carry, noise and explore.
        """
        *observed, carry, noise, explore = inputs
        count = len(observed) - len(self.spec.images)
        fields = [field if field.dim() == 1 else field.flatten() for field in observed[:count]]
        images = {item.name: image for item, image in zip(self.spec.images, observed[count:], strict=True)}
        flat = torch.cat(fields) if fields else carry.new_zeros(0)
        return self.act_on_images(flat, images, carry, noise, explore)
