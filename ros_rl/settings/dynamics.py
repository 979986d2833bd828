# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the dynamics models (`ros_rl/dynamics/`)."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import setting

MODEL_KINDS = ("gaussian", "deterministic", "dropout")
"""What a control graph can hold."""


@dataclass(frozen=True)
class ModelSettings:
    """The dynamics ensemble."""

    kind: str = setting("gaussian", "what each member is", choices=MODEL_KINDS)
    members: int = setting(5, "ensemble members; dropout: masks", low=1, high=50)
    hidden: int = setting(200, "units per hidden layer", low=8)
    layers: int = setting(2, "hidden layers", low=1, high=8)
    learning_rate: float = setting(1e-3, "Adam's step size", low=1e-7, high=1.0)
    weight_decay: float = setting(1e-5, "decoupled weight decay", low=0.0)
    updates_per_step: float = setting(1.0, "model gradient steps per environment step", low=0.0)
    refit_every: int = setting(1000, "environment steps between fits of the normalisers", unit="steps", low=1)
    early_refit_every: int = setting(50, "the same while there is little data", unit="steps", low=1)
    early_steps: int = setting(2000, "environment steps until there is enough data", unit="steps", low=0)
    dropout: float = setting(0.1, "dropout: share of hidden units that a mask drops", low=0.0, high=0.9)
    reward: str = setting(
        "known", "reward of predictions: the task's own function, or learned from data", choices=("known", "learned")
    )
    termination: str = setting(
        "known",
        "termination of predictions: the task's own function, learned from data, or none",
        choices=("known", "learned", "never"),
    )
