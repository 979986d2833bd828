# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields of legs: where feet are by the legs' geometry, and the clock that a gait keeps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.features.base import gravity_of
from ros_rl.features.feature import Feature, unit, values
from ros_rl.robot import Robot
from ros_rl.types import Array, Tick

GAIT_HZ = 2.0
"""Strides a second: at 0.8 m/s one of 0.4 m, the length of an A1's stretched leg."""
_STRIDE = round(1e9 / GAIT_HZ)  # ns


Down = Callable[[Tick, Robot], Array]
"""Which way is down, a unit vector in the base frame, shape (3,)."""


def _own_axis(tick: Tick, robot: Robot) -> Array:
    return np.array([0.0, 0.0, -1.0])


def _feet_below(tick: Tick, robot: Robot, down: Down) -> Array:
    """How far each foot is below the base [m], in the order of the robot's legs."""
    legs = robot.leg_chains
    assert legs is not None  # see `check_robot`
    below: Array = legs.at(tick.measurement["joint_position"]).position @ down(tick, robot) + legs.radius
    return below


def _feet(robot: Robot) -> int:
    legs = robot.leg_chains
    feet = () if legs is None else legs.feet
    if legs is not None and feet != tuple(robot.contact_links):
        raise ConfigError(
            f"heights of each foot need contact_links of robot '{robot.name}' to be its feet in the order of its legs, "
            f"{', '.join(feet)}; they are {', '.join(robot.contact_links) or 'none'}"
        )
    return len(feet)


def _height(down: Down, sensors: tuple[str, ...], meaning: str) -> Feature:
    """Of the base over its lowest foot."""

    def compute(tick: Tick, robot: Robot) -> Array:
        return np.array([np.max(_feet_below(tick, robot, down))])

    return Feature("m", 3.0, values(1), compute, sensors, mirror=(1,), of_legs=True, meaning=meaning)


def _lift(down: Down, sensors: tuple[str, ...], meaning: str) -> Feature:
    """Of each foot over the lowest."""

    def compute(tick: Tick, robot: Robot) -> Array:
        below = _feet_below(tick, robot, down)
        return np.max(below) - below

    return Feature("m", 10.0, _feet, compute, sensors, of_legs=True, of_links=True, meaning=meaning)


def _gait_phase(tick: Tick, robot: Robot) -> Array:
    angle = 2.0 * np.pi * (tick.stamp % _STRIDE) / _STRIDE
    return np.array([np.sin(angle), np.cos(angle)])


LEGS: dict[str, Feature] = {
    "height_over_feet": _height(
        gravity_of,
        ("imu_orientation", "joint_position"),
        "height of the base over its lowest foot, by the legs' geometry; whatever the ground is",
    ),
    "feet_lift": _lift(
        gravity_of,
        ("imu_orientation", "joint_position"),
        "height of each foot over the lowest, by the legs' geometry",
    ),
    "body_height_over_feet": _height(
        _own_axis, ("joint_position",), "the same of the base along its own axis, whatever slope it stands on"
    ),
    "body_feet_lift": _lift(
        _own_axis, ("joint_position",), "the same of each foot along the base's own axis, whatever slope it stands on"
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
