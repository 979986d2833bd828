# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A diffusion model of the normalised residual given (x, u).

Noise is mixed in by an angle: y = cos(angle) residual + sin(angle) noise, from the residual at 0 to pure noise at pi/2
(the cosine schedule of Nichol and Dhariwal 2021). The network learns dy/dangle = cos(angle) noise - sin(angle) residual
by denoising score matching (the "v" of Salimans and Ho 2022, section 4), and a sample follows it from noise to a
residual, the probability flow of Song et al. 2021.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.networks.mlp import BatchedMLP

_MOMENT_SAMPLES = 32
"""Samples for mean and deviation, which have no closed form."""


class DiffusionEnsemble(NetworkEnsemble):
    """Each member turns noise into a residual.

    Args:
        members: Ensemble members.
        state_size: Values of x.
        action_size: Values of u.
        hidden: Units per hidden layer.
        layers: Hidden layers.
        steps: Steps of the sampler, each two evaluations of the network.
    """

    not_exportable: ClassVar[str] = (
        "each of its predictions is a sampler's loop over the network, too slow for a control graph"
    )

    draws_to_learn = True

    def __init__(
        self, members: int, state_size: int, action_size: int, hidden: int, layers: int, steps: int = 10
    ) -> None:
        super().__init__(members, state_size, action_size)
        self.net = BatchedMLP(members, 2 * state_size + 2 * action_size + 2, hidden, layers, state_size)
        self.steps = steps

    def velocity(self, condition: Tensor, y: Tensor, angle: Tensor) -> Tensor:
        """The expected dy/dangle, (members, batch, state).

        Args:
            condition: Encoded present, (members, batch, state + 2 actions).
            y: Residual with noise, (members, batch, state).
            angle: How much noise [rad], (members, batch, 1).
        """
        return self.net(torch.cat([condition, y, angle.cos(), angle.sin()], -1))

    def predict(self, state: Tensor, last_action: Tensor, action: Tensor) -> Tensor:
        """The sampler's way from noise that is zero, (members, batch, state).

        The same inputs give the same state for one sampling. Of a Gaussian it is the mean; of several modes one of
        them or a point between, which is why plans over such a model need samples.
        """
        condition = self.encode(state, last_action, action).expand(self.members, -1, -1)
        zero = torch.zeros(*condition.shape[:2], self.state_size, dtype=condition.dtype, device=condition.device)
        return state + self.residuals.restore(self._integrate(condition, zero))

    def sample(self, state: Tensor, last_action: Tensor, action: Tensor, noise: Tensor | None = None) -> Tensor:
        """A next state drawn from each member, (members, batch, state); a function of `noise`."""
        condition = self.encode(state, last_action, action).expand(self.members, -1, -1)
        if noise is None:
            noise = torch.randn(*condition.shape[:2], self.state_size, dtype=condition.dtype, device=condition.device)
        return state + self.residuals.restore(self._integrate(condition, noise))

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation of a few samples."""
        samples = torch.stack([self.sample(state, last_action, action) for _ in range(_MOMENT_SAMPLES)])
        return samples.mean(0), samples.std(0)

    def losses(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Squared error of dy/dangle under angles drawn uniformly."""
        clean = self.targets(state, next_state).expand(self.members, -1, -1)
        condition = self.encode(state, last_action, action).expand(self.members, -1, -1)
        angle = 0.5 * math.pi * torch.rand_like(clean[..., :1])
        noise = torch.randn_like(clean)
        mixed, wanted = angle.cos() * clean + angle.sin() * noise, angle.cos() * noise - angle.sin() * clean
        return ((self.velocity(condition, mixed, angle) - wanted) ** 2).mean((1, 2))

    def angles(self) -> list[float]:
        """Where the sampler's steps end [rad], from pi/2 down to 0, the closer to each other the less noise is left."""
        return [0.5 * math.pi * (1.0 - step / self.steps) ** 2 for step in range(self.steps + 1)]

    def _integrate(self, condition: Tensor, y: Tensor) -> Tensor:
        """The midpoint rule; noise of a Gaussian's shape arrives as that Gaussian, however few the steps."""
        angles = self.angles()
        for angle, next_angle in zip(angles[:-1], angles[1:], strict=True):
            half = 0.5 * (next_angle - angle)
            middle = y + half * self.velocity(condition, y, torch.full_like(y[..., :1], angle))
            y = y + 2.0 * half * self.velocity(condition, middle, torch.full_like(y[..., :1], angle + half))
        return y
