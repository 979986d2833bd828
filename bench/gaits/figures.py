# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Figures of a gait, from what `GaitRecorder` saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ros_rl.types import Array

_TOUCHES = 1.0  # N
_AWAY = 0.02  # s without contact, after which contact is a touchdown
_PAIRS = {"diagonal": ((0, 3), (1, 2)), "lateral": ((0, 2), (1, 3)), "front and rear": ((0, 1), (2, 3))}
"""Of feet in the order front right, front left, rear right, rear left."""


@dataclass(frozen=True)
class Gait:
    """One stretch of walking.

    Attributes:
        velocity: Along the way [m/s].
        air: Share of time with no foot on the ground.
        touchdown: Median speed of a foot before it strikes [m/s].
        peak_load: Largest load on one foot in a physics step [body weights].
        calf_torque: Share of time that a calf's torque is above 70 % of its limit.
        transport: Positive mechanical work over weight times way.
        duty: Share of time on the ground, of each foot.
        together: Correlation of contact of the feet that go in pairs, by the pairs' name.
    """

    velocity: float
    air: float
    touchdown: float
    peak_load: float
    calf_torque: float
    transport: float
    duty: tuple[float, ...]
    together: dict[str, float]


def gait_of(
    loads: Array,
    foot_velocities: Array,
    joint_velocities: Array,
    efforts: Array,
    positions: Array,
    limits: Array,
    calves: NDArray[np.bool_],
    weight: float,
    step: float,
) -> Gait:
    """Figures of what was recorded; shapes are those of `GaitRecorder`.

    Args:
        loads: [N].
        foot_velocities: [m/s].
        joint_velocities: [rad/s].
        efforts: [N m].
        positions: Of the base [m].
        limits: Of efforts [N m], shape (joints,).
        calves: Which joints are calves.
        weight: Of the robot [N].
        step: Time between rows [s].
    """
    touching = loads > _TOUCHES
    power = np.maximum(efforts * joint_velocities, 0.0).sum(-1)
    way = float(np.linalg.norm(positions[-1, :2] - positions[0, :2]))
    strikes = _touchdowns(touching, round(_AWAY / step))
    speeds = np.linalg.norm(foot_velocities, axis=-1)[strikes]
    hard = np.abs(efforts[:, calves]) > 0.7 * limits[calves]
    return Gait(
        velocity=way / (len(loads) * step),
        air=float(np.mean(~touching.any(-1))),
        touchdown=float(np.median(speeds)) if speeds.size else 0.0,
        peak_load=float(loads.max()) / weight,
        calf_torque=float(np.mean(hard)),
        transport=float(power.sum() * step) / (weight * max(way, 1e-6)),
        duty=tuple(touching.mean(0).tolist()),
        together={name: _together(touching, pairs) for name, pairs in _PAIRS.items()},
    )


def _touchdowns(touching: NDArray[np.bool_], away: int) -> NDArray[np.bool_]:
    """Where a foot touches that has not for some steps."""
    found = np.zeros_like(touching)
    for foot in range(touching.shape[1]):
        since = away
        for row, touches in enumerate(touching[:, foot]):
            found[row, foot] = touches and since >= away
            since = 0 if touches else since + 1
    return found


def _together(touching: NDArray[np.bool_], pairs: tuple[tuple[int, int], ...]) -> float:
    """Mean correlation of contact within the pairs."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = [np.corrcoef(touching[:, a], touching[:, b])[0, 1] for a, b in pairs]
    return float(np.nan_to_num(np.mean(found)))
