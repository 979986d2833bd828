# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What acts, before its export (torch; contract 6 of the design)."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from ros_rl.layout import Layout


class ControlGraph(nn.Module):
    """What acts, before its export. Inputs and outputs are float32 without a batch axis.

    Args:
        spec: Layout of observations; its non-empty fields are the inputs.
    """

    carry: tuple[float, ...] = ()
    """The initial carry."""
    telemetry_names: tuple[str, ...] = ()
    """Names of the outputs after the carry."""
    stays_behind: str = ""
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

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Join the fields and decide; see `act`."""
        *fields, carry, noise, explore = inputs
        return self.act(torch.cat(fields), carry, noise, explore)
