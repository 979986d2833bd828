# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a robot moves, as its sensors tell: distributions of efforts, velocities and errors, and how two differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ros_rl.robot import EFFORT, POSITION, VELOCITY, Robot
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.types import Array, SafetyState, Tick

QUANTILES = {"p50": 50.0, "p95": 95.0, "max": 100.0}
"""What is told of a distribution of sizes, in per cent."""


@dataclass(frozen=True)
class Quantity:
    """Samples of something, one row a control period.

    Attributes:
        unit: Of the values.
        names: Of the columns, such as joints.
        values: Shape (samples, columns).
    """

    unit: str
    names: tuple[str, ...]
    values: Array

    @property
    def quantiles(self) -> dict[str, float]:
        """Of the sizes of all columns together, by `QUANTILES`."""
        found = np.percentile(np.abs(self.values), list(QUANTILES.values()))
        return dict(zip(QUANTILES, found.tolist(), strict=True))


@dataclass(frozen=True)
class Difference:
    """How a column of a quantity differs between two behaviours.

    Attributes:
        quantity: Which.
        name: Of the column.
        statistic: Largest distance of the two distribution functions (Kolmogorov and Smirnov), in [0, 1].
        shift: Of the mean from the first to the second, in standard deviations of both together.
    """

    quantity: str
    name: str
    statistic: float
    shift: float


def behaviour(robot: Robot, ticks: Iterable[Tick]) -> dict[str, Quantity]:
    """What can be told of the robot from its ticks, those at the start of an episode and those of a fault left out.

    Returns:
        By name: ``joint effort``, ``joint velocity``, ``tracking error`` (command minus what it commands), ``command
        step``, of all joints; where they are measured ``tilt``, ``base height``, ``forward velocity`` and ``tool
        step``. Empty without ticks.
    """
    rows: dict[str, list[Array]] = {}
    before: Tick | None = None
    for tick in ticks:
        follows = before is not None and tick.episode == before.episode and tick.step == before.step + 1
        if follows and before is not None and tick.safety is SafetyState.RUNNING:
            for name, value in _of(robot, before, tick).items():
                rows.setdefault(name, []).append(value)
        before = tick
    units = _units(robot)
    return {
        name: Quantity(units[name], robot.joints if name in _OF_JOINTS else (name,), np.array(values))
        for name, values in rows.items()
    }


def differences(one: Mapping[str, Quantity], other: Mapping[str, Quantity]) -> list[Difference]:
    """Of what both have, the largest first; motion both ways counts, so signs do."""
    found = [
        Difference(name, column, _statistic(first, second), _shift(first, second))
        for name in one
        if name in other
        for column, first, second in zip(one[name].names, one[name].values.T, other[name].values.T, strict=True)
    ]
    return sorted(found, key=lambda item: -item.statistic)


def _of(robot: Robot, before: Tick, tick: Tick) -> dict[str, Array]:
    measured, command = tick.measurement, tick.previous_command
    found = {name: measured[sensor] for name, sensor in _JOINTS.items() if sensor in measured}
    commanded = np.where(
        robot.commanded_by(POSITION),
        measured["joint_position"],
        np.where(robot.commanded_by(VELOCITY), measured["joint_velocity"], command),
    )
    if not robot.commanded_by(EFFORT).all():
        found["tracking error"] = command - commanded
    found["command step"] = command - before.previous_command
    if robot.floating_base and "imu_orientation" in measured:
        found["tilt"] = np.array([np.arccos(np.clip(quaternion_to_matrix(measured["imu_orientation"])[2, 2], -1, 1))])
    if robot.floating_base and "base_position" in measured:
        found["base height"] = measured["base_position"][2:]
    if "base_linear_velocity" in measured:
        found["forward velocity"] = measured["base_linear_velocity"][:1]
    if "tool_position" in measured:
        moved = measured["tool_position"] - before.measurement["tool_position"]
        found["tool step"] = np.array([np.linalg.norm(moved)])
    return found


EFFORTS = "joint effort"
"""Name of the quantity that not every robot measures."""
_JOINTS = {EFFORTS: "joint_effort", "joint velocity": "joint_velocity"}
_OF_COMMANDS = ("tracking error", "command step")
_OF_JOINTS = (*_JOINTS, *_OF_COMMANDS)
_UNITS = {POSITION: "rad or m", VELOCITY: "rad/s or m/s", EFFORT: "N m or N"}


def _units(robot: Robot) -> dict[str, str]:
    commands = ", ".join(dict.fromkeys(_UNITS[interface] for interface in robot.interfaces))
    return {
        EFFORTS: _UNITS[EFFORT],
        "joint velocity": _UNITS[VELOCITY],
        **dict.fromkeys(_OF_COMMANDS, commands),
        "tilt": "rad",
        "base height": "m",
        "forward velocity": "m/s",
        "tool step": "m",
    }


def _statistic(one: Array, other: Array) -> float:
    both = np.sort(np.concatenate([one, other]))
    shares = [np.searchsorted(np.sort(values), both, side="right") / len(values) for values in (one, other)]
    return float(np.max(np.abs(shares[0] - shares[1])))


def _shift(one: Array, other: Array) -> float:
    spread = float(np.sqrt((np.var(one) + np.var(other)) / 2))
    moved = float(np.mean(other) - np.mean(one))
    return 0.0 if moved == 0.0 else moved / max(spread, 1e-12)
