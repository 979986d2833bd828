# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How near an arm's tool comes to places, whichever way it is turned: inverse kinematics within the joints' limits."""

from __future__ import annotations

import numpy as np

from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.robot import Robot
from ros_rl.types import Array

_THERE = 5e-4  # m
_STARTS, _STEPS = 24, 60  # of a search that did not end from home
_LARGEST_TURN = 0.5  # rad or m of a joint in one step
_LEAST_DAMPING = 1e-5  # m^2/rad^2


def nearest(kinematics: Kinematics, robot: Robot, targets: Array) -> Array:
    """Where the tool comes nearest to each target [m], shape (targets, 3), as far as the search finds.

    It begins at home; where that does not lead there, at places all over the joints' limits, the same each time.

    Args:
        kinematics: Of the robot.
        robot: Whose joints are within their limits.
        targets: In the base frame [m], shape (targets, 3).
    """
    found = _search(kinematics, robot, np.tile(robot.home, (len(targets), 1)), targets)
    far = np.flatnonzero(np.linalg.norm(found - targets, axis=1) > _THERE)
    if far.size:
        low = np.maximum(robot.limits.lower, robot.home - np.pi)
        high = np.minimum(robot.limits.upper, robot.home + np.pi)
        starts = np.random.default_rng(0).uniform(low, high, (len(far), _STARTS, robot.size))
        wanted = np.repeat(targets[far], _STARTS, axis=0)
        tries = _search(kinematics, robot, starts.reshape(-1, robot.size), wanted).reshape(len(far), _STARTS, 3)
        tries = np.concatenate([found[far, None], tries], axis=1)
        best = np.linalg.norm(tries - targets[far, None], axis=2).argmin(axis=1)
        found[far] = tries[np.arange(len(far)), best]
    return found


def _search(kinematics: Kinematics, robot: Robot, places: Array, targets: Array) -> Array:
    """Where the tool ends, shape (places, 3), by the method of Levenberg and Marquardt.

    The damping is half the squared error, after Sugihara 2011, "Solvability-Unconcerned Inverse Kinematics by the
    Levenberg-Marquardt Method". Joints at their limits stand still where they would leave them.

    Args:
        kinematics: Of the robot.
        robot: It.
        places: Of the joints, where it begins, shape (places, joints).
        targets: [m], shape (places, 3).
    """
    limits, ends = robot.limits, kinematics.tool(places).position
    open_ = np.arange(len(places))
    for _ in range(_STEPS):
        tool = kinematics.tool(places[open_])
        ends[open_] = tool.position
        error = targets[open_] - tool.position
        away = np.linalg.norm(error, axis=1)
        busy = away > _THERE
        open_, error, jacobian = open_[busy], error[busy], tool.jacobian[busy, :3]
        if not open_.size:
            break
        at, damping = places[open_], _LEAST_DAMPING + 0.5 * away[busy] ** 2
        turn = _turn(jacobian, error, damping)
        stuck = ((at <= limits.lower) & (turn < 0.0)) | ((at >= limits.upper) & (turn > 0.0))
        turn = _turn(np.where(stuck[:, None], 0.0, jacobian), error, damping)
        turn *= np.minimum(1.0, _LARGEST_TURN / np.maximum(np.abs(turn).max(axis=1), _THERE))[:, None]
        places[open_] = np.clip(at + turn, limits.lower, limits.upper)
    return ends


def _turn(jacobian: Array, error: Array, damping: Array) -> Array:
    """J^T (J J^T + d)^-1 e, shape (places, joints)."""
    inner = jacobian @ np.swapaxes(jacobian, 1, 2) + damping[:, None, None] * np.eye(3)
    return np.asarray(np.swapaxes(jacobian, 1, 2) @ np.linalg.solve(inner, error[..., None]))[..., 0]
