# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How sure the ensemble is of one plan, with what it does not know and what it holds for chance told apart (torch)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ros_rl.planning.plan import Start
from ros_rl.planning.planner import Planner
from ros_rl.planning.propagation import Telling
from ros_rl.planning.world import ParticleState, StateWorld


@dataclass(frozen=True)
class Assessment:
    """One plan under every member's mean, whatever the propagation that it was found with."""

    mean_return: Tensor
    """Mean over members, ()."""
    return_std: Tensor
    """Deviation of the return across members, (): epistemic."""
    states: Tensor
    """Mean state over members after each step, (horizon, state)."""
    epistemic: Tensor
    """Deviation of the predicted mean state across members after each step, (horizon,).

    In units of the state's deviation in the data; root mean square over the state's dimensions.
    """
    aleatoric: Tensor
    """Deviation that the members themselves predict for each step, (horizon,); same units, mean square over members."""


def assess(planner: Planner[StateWorld], state: ParticleState, actions: Tensor) -> Assessment:
    """Assess a plan.

    Args:
        planner: Whose plan it is.
        state: Where the plan begins.
        actions: (horizon, actions), before smoothing.
    """
    model = planner.world.model
    told = Telling(model)
    rollout = planner.rollout(Start(state), actions[None], planner.world.with_propagation(told))
    states = torch.cat([after.x for after in rollout.states], 1)
    scale = model.inputs.std
    return Assessment(
        rollout.returns.mean(),
        rollout.returns.std(correction=0),
        states.mean(0),
        (((states - states.mean(0)) / scale) ** 2).mean((0, 2)).sqrt(),
        ((torch.cat(told.stds, 1) / scale) ** 2).mean((0, 2)).sqrt(),
    )
