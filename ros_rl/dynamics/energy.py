# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An energy-based ensemble: p(x' | x, u) proportional to exp(-E(x, u, x')).

The energy is a Gaussian ensemble's, plus what a network adds to it:

    E = |z|^2 / 2 + f(x, u, z),   z = (residual - mean(x, u)) / deviation(x, u)

With f = 0 it is the Gaussian. Proposals come from the Gaussian, as Gustafsson et al. 2022 (Learning Proposals for
Practical Energy-Based Regression) do, so f alone tells how likely a proposal is; and the Gaussian keeps E finite away
from the data. Gaussian and f are trained side by side, and f does not move the Gaussian.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from ros_rl.dynamics.gaussian_ensemble import GaussianEnsemble
from ros_rl.networks.mlp import BatchedMLP

_LANGEVIN_STEP = 0.02
"""Squared deviation of a Langevin step, in units of z: a step crosses a mode of a seventh of the Gaussian's width."""
_MOMENT_SAMPLES = 32
"""Samples for mean and deviation, which have no closed form."""


class EnergyEnsemble(GaussianEnsemble):
    """Each member holds an energy of (x, u, x').

    Args:
        members: Ensemble members.
        state_size: Values of x.
        action_size: Values of u.
        hidden: Units per hidden layer.
        layers: Hidden layers.
        estimator: ``cd``: contrastive divergence (Hinton 2002) with the model's own samples as negatives; ``infonce``:
            classification among the Gaussian's proposals (van den Oord et al. 2018).
        steps: Langevin steps of a sample, and descent steps of a prediction.
        proposals: Draws from the Gaussian for each sample and each classification.
    """

    not_exportable: ClassVar[str] = "its prediction is a gradient descent of its own, which a control graph cannot hold"

    draws_to_learn = True

    def __init__(
        self,
        members: int,
        state_size: int,
        action_size: int,
        hidden: int,
        layers: int,
        estimator: str = "cd",
        steps: int = 10,
        proposals: int = 32,
    ) -> None:
        super().__init__(members, state_size, action_size, hidden, layers)
        self.tilt_net = BatchedMLP(members, 2 * state_size + 2 * action_size, hidden, layers, 1)
        self.estimator, self.steps, self.proposals = estimator, steps, proposals

    def energy(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """E(x, u, x') up to a constant of (x, u), (members, batch)."""
        z = self._whiten(state, last_action, action, next_state)
        return self._energy(self._condition(state, last_action, action), z)

    def predict(self, state: Tensor, last_action: Tensor, action: Tensor) -> Tensor:
        """A low point of the energy, reached by descent from the Gaussian's mean; a mode, not the mean.

        Each row has its own step: halved, and the move undone, where the energy would rise; else doubled.
        """
        condition = self._condition(state, last_action, action)
        z = torch.zeros(*condition.shape[:2], self.state_size, dtype=condition.dtype, device=condition.device)
        energy, slope = self._slope(condition, z)
        rate = torch.full_like(energy, 0.1)
        for _ in range(self.steps):
            moved = z - rate[..., None] * slope
            new_energy, new_slope = self._slope(condition, moved)
            lower = new_energy < energy
            z, slope = torch.where(lower[..., None], moved, z), torch.where(lower[..., None], new_slope, slope)
            energy, rate = torch.where(lower, new_energy, energy), rate * torch.where(lower, 2.0, 0.5)
        return self._restore(state, last_action, action, z)

    def sample(self, state: Tensor, last_action: Tensor, action: Tensor, noise: Tensor | None = None) -> Tensor:
        """A next state drawn from each member, (members, batch, state).

        `noise` fixes the first proposal only: the others and the Langevin steps are drawn anew.
        """
        z = self.draw(self._condition(state, last_action, action), noise)
        return self._restore(state, last_action, action, z)

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation of a few samples."""
        samples = torch.stack([self.sample(state, last_action, action) for _ in range(_MOMENT_SAMPLES)])
        return samples.mean(0), samples.std(0)

    def losses(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """The Gaussian's loss, and the estimator's for f; held-out data is judged by InfoNCE either way.

        (The difference of energies that contrastive divergence follows is near zero for good and bad models alike.)
        """
        gaussian = super().losses(state, last_action, action, next_state)
        with torch.no_grad():
            z = self._whiten(state, last_action, action, next_state)
        contrast = self.divergence if self.training and self.estimator == "cd" else self.classification
        return gaussian + contrast(self._condition(state, last_action, action), z)

    def divergence(self, condition: Tensor, z: Tensor) -> Tensor:
        """Contrastive divergence, (members,): f falls at the data and rises at the model's samples."""
        negatives = self.draw(condition)
        return (self.tilt(condition, z) - self.tilt(condition, negatives)).mean(1)

    def classification(self, condition: Tensor, z: Tensor) -> Tensor:
        """InfoNCE, (members,): which of 1 + proposals is the data? The proposals' density cancels against |z|^2 / 2."""
        logits = -torch.cat([self.tilt(condition, z)[..., None], self._propose(condition)[1]], -1)
        return (logits.logsumexp(-1) - logits[..., 0]).mean(1)

    def tilt(self, condition: Tensor, z: Tensor) -> Tensor:
        """f, (members, batch)."""
        return self.tilt_net(torch.cat([condition, z], -1))[..., 0]

    @torch.no_grad()
    def draw(self, condition: Tensor, first: Tensor | None = None) -> Tensor:
        """Values of z drawn from each member, (members, batch, state).

        One of the proposals, with probability proportional to exp(-f) (sampling importance resampling, Rubin 1987),
        then Langevin steps that are accepted or rejected (MALA, Roberts and Tweedie 1996), so narrow modes are safe.

        Args:
            condition: Encoded present, (members, batch, state + 2 actions).
            first: The first proposal, (members, batch, state); drawn like the others if not given.
        """
        proposals, tilts = self._propose(condition, first)
        chosen = torch.distributions.Categorical(logits=-tilts).sample()
        index = chosen[..., None, None].expand(-1, -1, 1, self.state_size)
        return self._langevin(condition, proposals.gather(2, index)[:, :, 0])

    def _propose(self, condition: Tensor, first: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Draws from the Gaussian, (members, batch, proposals, state), and f at them, (members, batch, proposals)."""
        members, batch, _ = condition.shape
        z = torch.randn(members, batch, self.proposals, self.state_size, dtype=condition.dtype, device=condition.device)
        if first is not None:
            z[:, :, 0] = first
        repeated = condition[:, :, None].expand(-1, -1, self.proposals, -1).reshape(members, batch * self.proposals, -1)
        return z, self.tilt(repeated, z.reshape(*repeated.shape[:2], -1)).reshape(members, batch, -1)

    def _langevin(self, condition: Tensor, z: Tensor) -> Tensor:
        energy, slope = self._slope(condition, z)
        half = 0.5 * _LANGEVIN_STEP
        for _ in range(self.steps):
            moved = z - half * slope + math.sqrt(_LANGEVIN_STEP) * torch.randn_like(z)
            new_energy, new_slope = self._slope(condition, moved)
            there, back = moved - z + half * slope, z - moved + half * new_slope
            log_ratio = energy - new_energy + ((there**2).sum(-1) - (back**2).sum(-1)) / (4.0 * half)
            accepted = torch.rand_like(energy).log() < log_ratio
            z, slope = torch.where(accepted[..., None], moved, z), torch.where(accepted[..., None], new_slope, slope)
            energy = torch.where(accepted, new_energy, energy)
        return z

    def _energy(self, condition: Tensor, z: Tensor) -> Tensor:
        return 0.5 * (z**2).sum(-1) + self.tilt(condition, z)

    def _slope(self, condition: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """Energy and its gradient in z."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            energy = self._energy(condition.detach(), z)
            (slope,) = torch.autograd.grad(energy.sum(), z)
        return energy.detach(), slope

    def _condition(self, state: Tensor, last_action: Tensor, action: Tensor) -> Tensor:
        return self.encode(state, last_action, action).expand(self.members, -1, -1)

    def _whiten(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        mean, log_variance = self(state, last_action, action)
        return (self.targets(state, next_state) - mean) * (-0.5 * log_variance).exp()

    def _restore(self, state: Tensor, last_action: Tensor, action: Tensor, z: Tensor) -> Tensor:
        mean, log_variance = self(state, last_action, action)
        return state + self.residuals.restore(mean + (0.5 * log_variance).exp() * z)
