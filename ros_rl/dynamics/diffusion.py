# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A diffusion model of the normalised residual given (x, u).

Denoising score matching in the form of Karras et al. 2022 (EDM): scaled inputs and outputs (their table 1, with
data of unit deviation, as normalised residuals have), and the deterministic sampler of Song et al. 2021 (DDIM).
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from ros_rl.dynamics.model import DynamicsModel
from ros_rl.networks import BatchedMLP
from ros_rl.settings import STAYS_BEHIND

_NOISE_LOW, _NOISE_HIGH = 0.01, 20.0
"""Noise levels of the sampler; Karras et al. have 0.002 and 80 for data of deviation 0.5."""
_TRAINING_MEAN, _TRAINING_STD = -0.5, 1.2
"""Of the logarithm of the noise level in training; Karras et al. have -1.2 for data of deviation 0.5: half as much."""
_SPACING = 7.0
"""How much closer the sampler's steps lie at small noise (Karras et al. 2022, eq. 5)."""
_MOMENT_SAMPLES = 32
"""Samples for mean and deviation, which have no closed form."""


class DiffusionEnsemble(DynamicsModel):
    """Each member removes noise from a residual.

    Args:
        members: Ensemble members.
        state_size: Values of x.
        action_size: Values of u.
        hidden: Units per hidden layer.
        layers: Hidden layers.
        steps: Steps of the sampler, each one evaluation of the network.
    """

    stays_behind: ClassVar[str] = STAYS_BEHIND["diffusion"]

    def __init__(
        self, members: int, state_size: int, action_size: int, hidden: int, layers: int, steps: int = 10
    ) -> None:
        super().__init__(members, state_size)
        self.net = BatchedMLP(members, 2 * state_size + 2 * action_size + 1, hidden, layers, state_size)
        self.steps = steps

    def denoise(self, condition: Tensor, noisy: Tensor, level: Tensor) -> Tensor:
        """The expected residual, (members, batch, state), under noise of deviation `level`, (members, batch, 1)."""
        return noisy / (1.0 + level**2) + level / (1.0 + level**2).sqrt() * self._output(condition, noisy, level)

    def predict(self, state: Tensor, last_action: Tensor, action: Tensor) -> Tensor:
        """The sampler's way from noise that is zero, (members, batch, state).

        The same inputs give the same state for one sampling. Of a Gaussian it is the mean; of several modes one of
        them or a point between, which is why plans over such a model need samples.
        """
        condition = self.encode(state, last_action, action).expand(self.members, -1, -1)
        zero = torch.zeros(*condition.shape[:2], self.state_size, dtype=condition.dtype)
        return state + self.residuals.restore(self._integrate(condition, zero))

    def sample(self, state: Tensor, last_action: Tensor, action: Tensor, noise: Tensor | None = None) -> Tensor:
        """A next state drawn from each member, (members, batch, state); a function of `noise`."""
        condition = self.encode(state, last_action, action).expand(self.members, -1, -1)
        if noise is None:
            noise = torch.randn(*condition.shape[:2], self.state_size, dtype=condition.dtype)
        return state + self.residuals.restore(self._integrate(condition, noise))

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation of a few samples."""
        samples = torch.stack([self.sample(state, last_action, action) for _ in range(_MOMENT_SAMPLES)])
        return samples.mean(0), samples.std(0)

    def losses(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Squared error of the denoised residual, weighted to be equal at all levels (Karras et al. 2022, eq. 8)."""
        clean = self.targets(state, next_state).expand(self.members, -1, -1)
        condition = self.encode(state, last_action, action).expand(self.members, -1, -1)
        level = (_TRAINING_MEAN + _TRAINING_STD * torch.randn_like(clean[..., :1])).exp()
        noisy = clean + level * torch.randn_like(clean)
        wanted = (clean - noisy / (1.0 + level**2)) * (1.0 + level**2).sqrt() / level
        return ((self._output(condition, noisy, level) - wanted) ** 2).mean((1, 2))

    def levels(self) -> list[float]:
        """The sampler's noise levels, from the highest down to zero (Karras et al. 2022, eq. 5)."""
        high, low = _NOISE_HIGH ** (1.0 / _SPACING), _NOISE_LOW ** (1.0 / _SPACING)
        shares = [step / max(self.steps - 1, 1) for step in range(self.steps)]
        return [*((high + share * (low - high)) ** _SPACING for share in shares), 0.0]

    def _output(self, condition: Tensor, noisy: Tensor, level: Tensor) -> Tensor:
        return self.net(torch.cat([condition, noisy / (1.0 + level**2).sqrt(), 0.25 * level.log()], -1))

    def _integrate(self, condition: Tensor, noise: Tensor) -> Tensor:
        """Euler's method on dy/dlevel = (y - denoised) / level, which is DDIM (Karras et al. 2022, eq. 3 to 4)."""
        levels = self.levels()
        y = math.hypot(1.0, levels[0]) * noise
        for level, following in zip(levels[:-1], levels[1:], strict=True):
            denoised = self.denoise(condition, y, torch.full_like(y[..., :1], level))
            y = denoised + following / level * (y - denoised)
        return y
