# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields of legs: where feet are by the legs' geometry, and the clock that a gait keeps."""

from __future__ import annotations

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.features.base import gravity_of
from ros_rl.features.feature import Feature, unit, values
from ros_rl.robot import Robot
from ros_rl.types import Array, Tick

GAIT_HZ = 2.0
"""Strides a second: at 0.8 m/s one of 0.4 m, the length of an A1's stretched leg."""
_STRIDE = round(1e9 / GAIT_HZ)  # ns


def _feet_below(tick: Tick, robot: Robot) -> Array:
    """How far each foot is below the base, along gravity [m], in the order of the robot's legs."""
    legs = robot.leg_chains
    assert legs is not None  # see `check_robot`
    below: Array = legs.at(tick.measurement["joint_position"]).position @ gravity_of(tick, robot) + legs.radius
    return below


def _height_over_feet(tick: Tick, robot: Robot) -> Array:
    return np.array([np.max(_feet_below(tick, robot))])


def _feet(robot: Robot) -> int:
    legs = robot.leg_chains
    feet = () if legs is None else legs.feet
    if legs is not None and feet != tuple(robot.contact_links):
        raise ConfigError(
            f"observation field 'feet_lift' needs contact_links of robot '{robot.name}' to be its feet in the order of "
            f"its legs, {', '.join(feet)}; they are {', '.join(robot.contact_links) or 'none'}"
        )
    return len(feet)


def _feet_lift(tick: Tick, robot: Robot) -> Array:
    below = _feet_below(tick, robot)
    return np.max(below) - below


def _gait_phase(tick: Tick, robot: Robot) -> Array:
    angle = 2.0 * np.pi * (tick.stamp % _STRIDE) / _STRIDE
    return np.array([np.sin(angle), np.cos(angle)])


LEGS: dict[str, Feature] = {
    "height_over_feet": Feature(
        "m",
        3.0,
        values(1),
        _height_over_feet,
        ("imu_orientation", "joint_position"),
        mirror=(1,),
        of_legs=True,
        meaning="height of the base over its lowest foot, by the legs' geometry; whatever the ground is",
    ),
    "feet_lift": Feature(
        "m",
        10.0,
        _feet,
        _feet_lift,
        ("imu_orientation", "joint_position"),
        of_legs=True,
        of_links=True,
        meaning="height of each foot over the lowest, by the legs' geometry",
    ),
    "gait_phase": Feature(
        "1",
        1.0,
        values(2),
        _gait_phase,
        mirror=(-1, -1),  # half a stride: what the right legs do now, the left ones do then
        bounds=unit(values(2)),
        meaning=f"sine and cosine of a clock of {GAIT_HZ:g} strides a second, by the ticks' stamps",
    ),
}
"""By name."""
