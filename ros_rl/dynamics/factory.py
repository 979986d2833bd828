# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The model that the settings ask for."""

from __future__ import annotations

from ros_rl.dynamics.deterministic import DeterministicEnsemble
from ros_rl.dynamics.dropout import DropoutModel
from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.dynamics.gaussian_ensemble import GaussianEnsemble
from ros_rl.settings.dynamics import ModelSettings


def make_model(settings: ModelSettings, state_size: int, action_size: int) -> NetworkEnsemble:
    """A fresh model of `settings.kind` for states and actions of these sizes."""
    s = settings
    sizes = (s.members, state_size, action_size, s.hidden, s.layers)
    if s.kind == "deterministic":
        return DeterministicEnsemble(*sizes)
    if s.kind == "dropout":
        return DropoutModel(*sizes, rate=s.dropout)
    return GaussianEnsemble(*sizes)
