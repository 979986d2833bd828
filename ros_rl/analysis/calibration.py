# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether a model knows how well it knows: coverage, likelihood, and disagreement inside and outside the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ros_rl.analysis.trajectories import Trajectory
from ros_rl.dynamics.measures import coverage
from ros_rl.dynamics.model import DynamicsModel
from ros_rl.types import Array

WIDE = 4.0
"""Random states lie within this many standard deviations of the data's mean, each value drawn by itself."""


@dataclass(frozen=True)
class Steps:
    """Single steps, in no order."""

    states: Array
    """(count, state)"""
    last_actions: Array
    """(count, actions)"""
    actions: Array
    """(count, actions)"""
    next_states: Array
    """(count, state); as measured"""


@dataclass(frozen=True)
class Prediction:
    """An ensemble's prediction of one step as one Gaussian: that of the mixture's mean and variance."""

    mean: Array
    """(count, state)"""
    aleatoric: Array
    """Variance that the members hold for chance, their mean, (count, state)."""
    epistemic: Array
    """Variance of the members' means, (count, state)."""

    @property
    def std(self) -> Array:
        """Of both together, (count, state)."""
        total: Array = np.sqrt(self.aleatoric + self.epistemic)
        return total


def steps_of(trajectories: Sequence[Trajectory]) -> Steps:
    """All steps of some trajectories."""
    return Steps(
        np.concatenate([item.states[:-1] for item in trajectories]),
        np.concatenate([item.last_actions for item in trajectories]),
        np.concatenate([item.actions for item in trajectories]),
        np.concatenate([item.states[1:] for item in trajectories]),
    )


@torch.no_grad()
def predict(model: DynamicsModel, steps: Steps) -> Prediction:
    """One step ahead. The law of total variance gives the mixture's (PETS, Chua et al. 2018, section 4)."""
    inputs = [torch.as_tensor(np.asarray(v, np.float32)) for v in (steps.states, steps.last_actions, steps.actions)]
    mean, std = model.distribution(*(value.expand(model.members, -1, -1) for value in inputs))
    means, variances = mean.numpy().astype(np.float64), std.numpy().astype(np.float64) ** 2
    return Prediction(means.mean(0), variances.mean(0), means.var(0))


def likelihood(error: Array, std: Array) -> float:
    """Mean negative log-likelihood of Gaussian errors [nat per value].

    Errors in standard deviations of the step itself make it comparable between fields: who predicts the mean step
    with its true deviation, whatever the input, gets (1 + log 2 pi) / 2 = 1.42.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return float((0.5 * ((error / std) ** 2 + np.log(2 * np.pi * std**2))).mean())


def judge(steps: Steps, prediction: Prediction, fields: dict[str, slice], step_scale: Array) -> dict[str, Any]:
    """Coverage and likelihood by field, and the shares of the two uncertainties.

    Args:
        steps: What happened.
        prediction: What was predicted.
        fields: Where each field stands in a state.
        step_scale: Standard deviation of x_{k+1} - x_k in the data, (state,).
    """
    error, std = steps.next_states - prediction.mean, prediction.std
    scale = np.where(step_scale > 0.0, step_scale, 1.0)
    found = {}
    for name, part in {**fields, "all": slice(None)}.items():
        e, s = error[:, part], std[:, part]
        found[name] = {
            "coverage_1_sigma": coverage(e, s, 1.0),
            "coverage_2_sigma": coverage(e, s, 2.0),
            "nll": likelihood((error / scale)[:, part], (std / scale)[:, part]),
            "aleatoric_std": float(np.sqrt((prediction.aleatoric / scale**2)[:, part].mean())),
            "epistemic_std": float(np.sqrt((prediction.epistemic / scale**2)[:, part].mean())),
        }
    return found


def disagreement(prediction: Prediction, step_scale: Array) -> Array:
    """Root mean square over a state of the deviation across members, in deviations of the step itself, (count,)."""
    scale = np.where(step_scale > 0.0, step_scale, np.inf)
    result: Array = np.sqrt((prediction.epistemic / scale**2).mean(1))
    return result


def random_actions(steps: Steps, rng: np.random.Generator) -> Steps:
    """The same states with actions that are uniform in [-1, 1]; what follows is unknown and left as it was."""
    actions = rng.uniform(-1.0, 1.0, steps.actions.shape)
    return Steps(steps.states, steps.last_actions, actions, steps.next_states)


def random_states(steps: Steps, rng: np.random.Generator) -> Steps:
    """Uniform states within `WIDE` deviations of the data's mean, and uniform actions."""
    mean, std = steps.states.mean(0), steps.states.std(0)
    states = mean + WIDE * std * rng.uniform(-1.0, 1.0, steps.states.shape)
    last, actions = rng.uniform(-1.0, 1.0, (2, *steps.actions.shape))
    return Steps(states, last, actions, steps.next_states)
