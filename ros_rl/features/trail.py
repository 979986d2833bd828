# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields of a robot's last control periods."""

from __future__ import annotations

from ros_rl.features.feature import IN_EPISODE, Feature, in_episode, measured, values
from ros_rl.robot import Robot
from ros_rl.sensors.trail import PERIODS
from ros_rl.types import Array, Tick


def _base_trail(tick: Tick, robot: Robot) -> Array:
    ways = tick.measurement["base_trail"].reshape(-1, 2)
    return in_episode(ways + tick.origin[:2], tick).reshape(-1)


TRAIL: dict[str, Feature] = {
    "base_trail": Feature(
        "m",
        4.0,
        values(2 * PERIODS),
        _base_trail,
        ("base_trail",),
        mirror=(1, -1),
        meaning=f"how far the base went along x and y in each of its last {PERIODS} control periods, newest first",
        frame=IN_EPISODE,
    ),
    "joint_trail": Feature(
        "rad or m",
        0.1,
        lambda robot: robot.size * PERIODS,
        measured("joint_trail"),
        ("joint_trail",),
        meaning=f"how far each commanded joint went in each of the last {PERIODS} control periods, newest first",
    ),
}
"""By name."""
