# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How far a model's predictions are from what was measured k steps later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ros_rl.analysis.trajectories import Trajectory
from ros_rl.dynamics.model import DynamicsModel
from ros_rl.types import Array

MAX_STARTS = 1000
"""Predictions are begun in at most so many states, drawn at random: enough for errors known to a few percent."""
_SPREAD = 1e-6
"""A value whose standard deviation is below this counts as constant: errors cannot be normalised by it."""


@dataclass(frozen=True)
class Windows:
    """Stretches of trajectories to predict. Where an episode ends within one, `valid` says so and the rest is zero."""

    states: Array
    """x_t, shape (starts, state)."""
    last_actions: Array
    """u_{t-1}, shape (starts, actions)."""
    actions: Array
    """u_t .. u_{t+K-1}, shape (starts, K, actions)."""
    targets: Array
    """x_{t+1} .. x_{t+K} as measured, shape (starts, K, state)."""
    valid: np.ndarray
    """bool, shape (starts, K)."""


def windows(trajectories: Sequence[Trajectory], horizon: int, rng: np.random.Generator) -> Windows:
    """Stretches of `horizon` steps from at most `MAX_STARTS` of the trajectories' states."""
    places = [(number, t) for number, item in enumerate(trajectories) for t in range(item.steps)]
    if len(places) > MAX_STARTS:
        places = [places[index] for index in np.sort(rng.choice(len(places), MAX_STARTS, replace=False))]
    state_size, action_size = trajectories[0].states.shape[1], trajectories[0].actions.shape[1]
    actions = np.zeros((len(places), horizon, action_size))
    targets = np.zeros((len(places), horizon, state_size))
    valid = np.zeros((len(places), horizon), bool)
    for row, (number, t) in enumerate(places):
        item = trajectories[number]
        count = min(horizon, item.steps - t)
        actions[row, :count] = item.actions[t : t + count]
        targets[row, :count] = item.states[t + 1 : t + 1 + count]
        valid[row, :count] = True
    states = np.array([trajectories[number].states[t] for number, t in places])
    last_actions = np.array([trajectories[number].last_actions[t] for number, t in places])
    return Windows(states, last_actions, actions, targets, valid)


@torch.no_grad()
def rollout(model: DynamicsModel, states: Array, last_actions: Array, actions: Array) -> Array:
    """Each member's own mean predictions under given actions, as a planner rolls them out.

    Args:
        model: The model.
        states: (batch, state).
        last_actions: (batch, actions).
        actions: (batch, K, actions).

    Returns:
        Shape (members, batch, K, state).
    """
    state = _tensor(states).expand(model.members, -1, -1)
    last, planned = _tensor(last_actions), _tensor(actions)
    predictions = []
    for step in range(planned.shape[1]):
        action = planned[:, step]
        state = model.predict(state, last.expand(model.members, -1, -1), action.expand(model.members, -1, -1))
        predictions.append(state)
        last = action
    return torch.stack(predictions, 2).numpy().astype(np.float64)


def k_step_errors(
    model: DynamicsModel, stretches: Windows, fields: dict[str, slice], scale: Array
) -> dict[str, dict[str, list[float]]]:
    """Errors of the ensemble's mean against k, by field.

    Args:
        model: The model.
        stretches: What to predict.
        fields: Where each field stands in a state.
        scale: Standard deviation of each value of a state, which normalises errors, shape (state,).

    Returns:
        For each field, lists over k = 1 .. K: ``rmse`` and ``baseline_rmse`` in its unit, ``normalised`` and
        ``baseline_normalised`` in standard deviations, and ``spread``: the standard deviation across members, also in
        standard deviations (root mean squares over starts and the field's values). The baseline is "the state stays".
    """
    predicted = rollout(model, stretches.states, stretches.last_actions, stretches.actions)
    error = predicted.mean(0) - stretches.targets
    baseline = stretches.states[:, None] - stretches.targets
    spread = predicted.std(0)
    scale = np.where(scale > _SPREAD, scale, np.nan)
    found = {}
    for name, part in fields.items():
        found[name] = {
            "rmse": _rms(error[..., part], stretches.valid),
            "baseline_rmse": _rms(baseline[..., part], stretches.valid),
            "normalised": _rms((error / scale)[..., part], stretches.valid),
            "baseline_normalised": _rms((baseline / scale)[..., part], stretches.valid),
            "spread": _rms((spread / scale)[..., part], stretches.valid),
        }
    return found


def _rms(values: Any, valid: np.ndarray) -> list[float]:
    """Root mean square over starts and values for each k; values that are constant (nan scale) are left out."""
    result = []
    for k in range(valid.shape[1]):
        squares = values[valid[:, k], k] ** 2
        kept = squares[:, ~np.isnan(squares).all(0)] if len(squares) else squares
        result.append(float(np.sqrt(kept.mean())) if kept.size else float("nan"))
    return result


def _tensor(values: Array) -> torch.Tensor:
    return torch.as_tensor(np.asarray(values, np.float32))
