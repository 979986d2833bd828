# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Small models, random batches and a system with two modes, for tests of dynamics models."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ros_rl.dynamics.diffusion import DiffusionEnsemble
from ros_rl.dynamics.energy import EnergyEnsemble
from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.dynamics.factory import make_model
from ros_rl.settings.dynamics import ModelSettings

LEARNERS_ONLY: dict[str, Callable[..., NetworkEnsemble]] = {
    "energy": partial(EnergyEnsemble, steps=4, proposals=4),
    "diffusion": partial(DiffusionEnsemble, steps=4),
}
"""Models that cannot go into a control graph, and so are no choices of an agent's."""
Transitions = tuple[Tensor, Tensor, Tensor, Tensor]


def small_model(kind: str, state: int = 2, actions: int = 1, **settings: Any) -> NetworkEnsemble:
    values = {"members": 3, "hidden": 8, "layers": 2} | settings
    if kind not in LEARNERS_ONLY:
        return make_model(ModelSettings(kind=kind, **values), state, actions)
    sizes = (values.pop("members"), state, actions, values.pop("hidden"), values.pop("layers"))
    return LEARNERS_ONLY[kind](*sizes, **values)


def loss_of(model: NetworkEnsemble, batch: Sequence[Tensor]) -> Tensor:
    """What training minimises."""
    return model.losses(*batch).sum() + model.penalty()


def random_transitions(members: int, count: int, state: int = 2, actions: int = 1) -> Transitions:
    shape = (members, count)
    x = torch.randn(*shape, state)
    return x, torch.randn(*shape, actions), torch.randn(*shape, actions), x + torch.randn(*shape, state)


def two_modes(count: int) -> Transitions:
    """A contact pushes x back by 0.4 every second time, whatever happens before: a next state with two modes."""
    x, last, u = (torch.rand(count, 1) * 2 - 1 for _ in range(3))
    contact = (torch.rand(count, 1) < 0.5).float()
    return x, last, u, x + 0.2 * u - 0.4 * contact + 0.03 * torch.randn(count, 1)


def descend(
    model: NetworkEnsemble, data: Transitions, steps: int, batch: int = 128, rate: float = 4e-3
) -> NetworkEnsemble:
    """Train on random batches, with a step size that falls to zero."""
    model.fit_normalisers(data[0], data[3])
    optimiser = torch.optim.Adam(model.parameters(), rate)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * (1.0 - step / steps)
        index = torch.randint(0, len(data[0]), (model.members, batch))
        loss = loss_of(model, [part[index] for part in data])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model
