# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where an arm's joints are on straight ways of its tool from point to point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ros_rl.commands.arm import FIXED, Arm
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.safety.workspace import Workspace, workspace_of
from ros_rl.types import Array

SPACING = 0.02
"""[m], between which the joints' own way is as good as straight."""
_THERE = 1e-3  # m


def tool_path(robot: Robot, period: float, points: Sequence[Sequence[float]], what: str) -> Array:
    """Places of the joints from the home pose along tool points, and back.

    At the first point the gripper, if there is one, opens and closes; it stays closed until the arm is home again. The
    tool is held as in the home pose. Where a point is reached, the same place comes twice in a row.

    Args:
        robot: An arm.
        period: Control period [s].
        points: In the base frame [m].
        what: Who names them, for messages.

    Returns:
        Shape (places, joints).

    Raises:
        ConfigError: The robot is no arm whose joints take velocities, its tool cannot come to a point, or on the way
            there a part of it would be where it may not be.
    """
    arm, workspace = Arm(robot, period, what), workspace_of(robot)
    start = arm.tool(robot.home).position
    targets = [start, *(np.array(point) for point in points), start]
    names = [*(f"point {number} {[*point]} m" for number, point in enumerate(points, 1)), "the home pose"]
    path = [robot.home]
    for name, before, target in zip(names, targets, targets[1:], strict=False):
        count = max(1, round(float(np.linalg.norm(target - before)) / SPACING))
        for there in before + np.arange(1, count + 1)[:, None] / count * (target - before):
            path.append(arm.place_of(there, path[-1], FIXED))
            problem = problem_at(arm, workspace, path[-1], there)
            if problem:
                raise ConfigError(f"{what}: on the way to {name} {problem}")
        path += _lets_go(robot, path[-1]) if len(path) == count + 1 else [path[-1]]
    return np.array([*path, robot.home])


def _lets_go(robot: Robot, place: Array) -> list[Array]:
    """A place of the joints with the gripper open, then closed."""
    places = [place.copy(), place.copy()]
    if robot.gripper is not None:
        joint = robot.joints.index(robot.gripper.joint)
        places[0][joint], places[1][joint] = robot.gripper.opened, robot.gripper.closed
    return places


def problem_at(arm: Arm, workspace: Workspace | None, place: Array, target: Array) -> str:
    """Why a solution of the kinematics is none, in words; empty if it is one.

    Args:
        arm: Whose.
        workspace: Where its parts may be.
        place: Of the joints, shape (joints,).
        target: Where its tool is to be [m], shape (3,).
    """
    robot = arm.robot
    away = float(np.linalg.norm(arm.tool(place).position - target))
    if away > _THERE:
        return f"the tool of robot '{robot.name}' stays {away:.3f} m behind: it does not reach so far"
    outside = (place < robot.limits.lower) | (place > robot.limits.upper)
    if outside.any():
        return f"joint '{robot.joints[int(outside.argmax())]}' of robot '{robot.name}' would leave its limits"
    return "" if workspace is None else workspace.depth(place)[1]
