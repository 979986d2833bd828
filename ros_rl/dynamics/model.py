# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What every dynamics model is: an ensemble of one-step models on normalised residuals, evaluated all at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from ros_rl.networks.normaliser import Normaliser


class DynamicsModel(nn.Module, ABC):
    """Each member predicts x_{k+1} - x_k from (x_k, u_{k-1}, u_k).

    u_{k-1} is an input because a driver moves its targets from one command to the next within the period. In all
    methods `state` is (members or 1, batch, state), and the actions broadcast to (members, batch, actions).

    Args:
        members: Ensemble members.
        state_size: Values of x.
    """

    not_exportable: ClassVar[str] = ""
    """Why a model of this kind cannot go into a control graph; empty if it can."""

    def __init__(self, members: int, state_size: int) -> None:
        super().__init__()
        self.members, self.state_size = members, state_size
        self.inputs = Normaliser(state_size)
        self.residuals = Normaliser(state_size, floor=1e-4)

    @abstractmethod
    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each member's next state, two tensors of shape (members, batch, state).

        The deviation is aleatoric: what the member itself holds for chance. A deterministic model's is zero.
        """

    def predict(self, state: Tensor, last_action: Tensor, action: Tensor) -> Tensor:
        """Each member's single best next state, (members, batch, state): the mean, unless a model says otherwise."""
        return self.distribution(state, last_action, action)[0]

    def sample(self, state: Tensor, last_action: Tensor, action: Tensor, noise: Tensor | None = None) -> Tensor:
        """A next state drawn from each member, (members, batch, state).

        Args:
            state: See the class.
            last_action: u_{k-1}.
            action: u_k.
            noise: Standard normal numbers of the result's shape; drawn anew without.
        """
        mean, std = self.distribution(state, last_action, action)
        return mean + std * (torch.randn_like(mean) if noise is None else noise)

    def follow(self, state: Tensor, last_action: Tensor, actions: Tensor) -> Tensor:
        """Where each member's predictions lead, (members, 1, state).

        Args:
            state: x_k, (state,).
            last_action: u_{k-1}, (actions,).
            actions: u_k and those after it, (steps, actions), perhaps none.
        """
        predicted = state.expand(self.members, 1, -1)
        for action in actions:
            last, now = (u.expand(self.members, 1, -1) for u in (last_action, action))
            predicted, last_action = self.predict(predicted, last, now), action
        return predicted

    @torch.no_grad()
    def fit_normalisers(self, state: Tensor, next_state: Tensor) -> None:
        """Take the normalisation of inputs and residuals from data of shape (count, state)."""
        self.inputs.fit(state)
        self.residuals.fit(next_state - state)
