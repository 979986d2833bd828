# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a simulated robot is put when an episode begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ros_rl.robot import Robot
from ros_rl.types import Array, Start

_UPRIGHT = np.array([0.0, 0.0, 0.0, 1.0])
_CLEAR = 0.2  # m, above the height of the home pose: no way round does a leg reach the ground
_ON_BACK = 0.2  # m, of the base upside down
_LEANING = 0.2  # rad, at most, from lying on its back


@dataclass(frozen=True)
class Place:
    """Of a robot in its world.

    Attributes:
        position: Of the base link [m], shape (3,).
        orientation: Of the base link, quaternion xyzw.
        joints: Positions of the commanded joints [rad or m], shape (joints,).
    """

    position: Array
    orientation: Array
    joints: Array


def drawn_place(start: Start, robot: Robot, noise: float, rng: np.random.Generator) -> Place:
    """Where an episode begins; a fallen robot still has to drop to the ground.

    Args:
        start: How.
        robot: The robot.
        noise: Joints near home are at home +- this [rad or m].
        rng: Draws it.
    """
    height = 0.0 if robot.simulation is None else robot.simulation.spawn_height
    lower, upper = robot.limits.lower, robot.limits.upper
    if start is Start.FALLEN:
        turned = rng.standard_normal(4)
        joints = rng.uniform(lower, upper)
        return Place(np.array([0.0, 0.0, height + _CLEAR]), turned / np.linalg.norm(turned), joints)
    joints = np.clip(robot.home + rng.uniform(-noise, noise, robot.size), lower, upper)
    if start is Start.HOME:
        return Place(np.array([0.0, 0.0, height]), _UPRIGHT, joints)
    roll = np.pi + rng.uniform(-_LEANING, _LEANING)
    return Place(np.array([0.0, 0.0, _ON_BACK]), np.array([np.sin(roll / 2), 0.0, 0.0, np.cos(roll / 2)]), joints)
