# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the learned dynamics models share: how networks see a transition, and how an ensemble is trained."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn

from ros_rl.dynamics.model import DynamicsModel
from ros_rl.networks.layers import BatchedLayerNorm, BatchedLinear

_Ensemble = TypeVar("_Ensemble", bound="NetworkEnsemble")


class NetworkEnsemble(DynamicsModel):
    """A dynamics model made of networks; shapes are those of `DynamicsModel`.

    Args:
        members: Ensemble members.
        state_size: Values of x.
        action_size: Values of u.
    """

    draws_to_learn: ClassVar[bool] = False
    """Whether its losses draw random numbers."""

    def __init__(self, members: int, state_size: int, action_size: int) -> None:
        super().__init__(members, state_size)
        self.action_size = action_size

    @abstractmethod
    def losses(self, state: Tensor, last_action: Tensor, action: Tensor, next_state: Tensor) -> Tensor:
        """Each member's mean loss over its own batch, (members,).

        In evaluation mode (`eval`) it is what held-out data judges members by, where that is not what training
        minimises.
        """

    def penalty(self) -> Tensor:
        """What training adds, once for all members, to their losses."""
        return self.inputs.mean.new_zeros(())

    def encode(self, state: Tensor, last_action: Tensor, action: Tensor) -> Tensor:
        """What a network sees of the present, (members or 1, batch, state + 2 actions): the state normalised."""
        return torch.cat([self.inputs.normalise(state), last_action, action], -1)

    def targets(self, state: Tensor, next_state: Tensor) -> Tensor:
        """The normalised residual."""
        return self.residuals.normalise(next_state - state)

    def member_parameters(self) -> list[nn.Parameter]:
        """The parameters that each member has of its own; their first axis counts the members."""
        own = (module for module in self.modules() if isinstance(module, (BatchedLinear, BatchedLayerNorm)))
        return [parameter for module in own for parameter in module.parameters(recurse=False)]

    def subset(self: _Ensemble, members: Sequence[int]) -> _Ensemble:
        """A copy that holds these members only, in this order: a planner then follows a fit's elites and no others.

        Args:
            members: Their indices, such as `ros_rl.dynamics.fitting.FitReport.elites`.
        """
        kept = copy.deepcopy(self)
        for module in kept.modules():
            if "members" in vars(module):
                vars(module)["members"] = len(members)
        for own in kept.member_tensors():
            own.data = own.data[list(members)]
        return kept

    def member_tensors(self) -> list[Tensor]:
        """All that each member has of its own, parameters or not."""
        return list(self.member_parameters())
