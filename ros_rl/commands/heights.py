# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether an arm's tool comes to two heights all over the box that it stays in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from ros_rl.commands.arm import FREE, UPRIGHT, Arm
from ros_rl.commands.box import ToolBox
from ros_rl.commands.tool_path import SPACING, problem_at
from ros_rl.errors import ConfigError
from ros_rl.safety.workspace import Workspace, workspace_of
from ros_rl.types import Array

_CM = 100.0  # in a metre
_TILT = 0.02  # rad


def check_heights(arm: Arm, box: ToolBox, asked: ToolBox, heights: Sequence[float], orientation: str) -> None:
    """Refuse heights that the tool does not come to at a corner of its box, upright where it is to be.

    Args:
        arm: It.
        box: That its tool stays in.
        asked: The same without the robot's own workspace. Where that is what ends the box, the tool is as at home.
        heights: Lower and upper one [m].
        orientation: Of the tool, one of `ros_rl.commands.arm.ORIENTATIONS`.

    Raises:
        ConfigError: With a corner, what is wrong there, and which heights are right.
    """
    robot, workspace = arm.robot, workspace_of(arm.robot)
    home = arm.tool(robot.home).position
    sides = [
        [side[axis] if side[axis] == own[axis] else home[axis] for side, own in zip(box, asked, strict=True)]
        for axis in (0, 1)
    ]
    corners = [np.array(corner) for corner in dict.fromkeys(product(*sides))]
    for height in heights:
        for corner in corners:
            target = np.append(corner, height)
            problem = _problem(arm, workspace, arm.place_of(target, robot.home, orientation), target, orientation)
            if not problem:
                continue
            ends = [_end(arm, workspace, np.append(each, home[2]), height, orientation) for each in corners]
            if all(end is not None and math.isclose(end, height) for end in ends):
                break
            at = f"at {(target.round(3) + 0.0).tolist()} m, a corner of control.commands.lower and upper, {problem}"
            raise ConfigError(f"control.commands.heights {[*heights]}: {at}; allowed: {_allowed(ends, height)}")


def _end(arm: Arm, workspace: Workspace | None, start: Array, height: float, orientation: str) -> float | None:
    """How far the tool gets from a place straight up or down to a height [m]; None if not even to that place."""
    home = arm.robot.home
    place, reached = home, None
    from_home = _between(arm.tool(home).position, start)
    for number, target in enumerate([*from_home, *_between(start, np.append(start[:2], height))], start=1):
        place = arm.place_of(target, place, orientation)
        if number < len(from_home):
            continue
        if _problem(arm, workspace, place, target, orientation):
            break
        reached = float(target[2])
    return reached


def _problem(arm: Arm, workspace: Workspace | None, place: Array, target: Array, orientation: str) -> str:
    """See `problem_at`; or that a tool which is to be upright is not."""
    problem = problem_at(arm, workspace, place, target)
    if problem or orientation == FREE:
        return problem
    tilt = float(np.linalg.norm(arm.tilt(arm.tool(place).rotation, UPRIGHT)))
    return f"the tool of robot '{arm.robot.name}' would be tilted by {tilt:.2g} rad" if tilt > _TILT else ""


def _between(start: Array, end: Array) -> Array:
    """Places on a straight way, the last of which is its end, shape (places, 3)."""
    count = max(1, round(float(np.linalg.norm(end - start)) / SPACING))
    return np.asarray(start + np.arange(1, count + 1)[:, None] / count * (end - start))


def _allowed(ends: Sequence[float | None], height: float) -> str:
    found = [end for end in ends if end is not None]
    if len(found) < len(ends):
        return "a smaller box"
    nearest = max(found, key=lambda end: abs(end - height))
    if nearest < height:
        return f"up to {math.floor(nearest * _CM) / _CM:g} m, or a smaller box"
    return f"{math.ceil(nearest * _CM) / _CM:g} m and more, or a smaller box"
