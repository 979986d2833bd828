# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The boxes that an arm's links and tool stay in, and those that they stay out of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.robot import Robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.types import Array

_SAME = 1e-6  # m
_MM = 1e-3  # m


class _Worst(NamedTuple):
    """The point that is farthest where it may not be; not at all, if the depth is not above 0."""

    depth: float  # m
    point: int
    box: str  # in which it is; empty: outside the workspace


class Workspace:
    """Where the origins of a robot's links and its tool centre point may be.

    Args:
        robot: Whose `safety` has the boxes.

    Raises:
        ConfigError: Its URDF, which tells where the links are, cannot be read; or they are not where they may be in
            the home pose.
    """

    def __init__(self, robot: Robot) -> None:
        safety = robot.safety
        try:
            self._kinematics = Kinematics(robot, urdf_of(robot, kinematics=True))
        except MissingDependencyError as error:
            raise ConfigError(
                f"safety.workspace or safety.keep_out of robot '{robot.name}' needs its URDF: name one that is there "
                f"by 'kinematics', or {error}"
            ) from None
        inside = safety.workspace
        self._lower = np.array(inside.lower if inside else [-np.inf] * 3)
        self._upper = np.array(inside.upper if inside else [np.inf] * 3)
        self._keep_out = {name: (np.array(box.lower), np.array(box.upper)) for name, box in safety.keep_out.items()}
        self._check_home(robot)

    def _check_home(self, robot: Robot) -> None:
        points = self._kinematics.positions(robot.home)
        worst = self._worst(points)
        if worst.depth <= 0.0:
            return
        box = robot.safety.keep_out[worst.box] if worst.box else robot.safety.workspace
        assert box is not None  # which something is outside of
        where = f"{self._told(worst.point, points)} is {worst.depth:.3f} m"
        sides = _sides(box.lower, box.upper)
        if worst.box:
            raise ConfigError(
                f"safety.keep_out.{worst.box} of robot '{robot.name}' holds a part of its home pose: {where} inside "
                f"{sides}; take the box away from there, or change 'home' of the joints"
            )
        low, high = np.floor(points.min(axis=0) / _MM) * _MM, (np.floor(points.max(axis=0) / _MM) + 1.0) * _MM
        raise ConfigError(
            f"safety.workspace of robot '{robot.name}' leaves out a part of its home pose: {where} outside {sides}; "
            f"let the box hold {_sides(low, high)}, or change 'home' of the joints"
        )

    def depth(self, position: Array) -> tuple[float, str]:
        """How far the worst point is where it may not be [m], 0 if none is; and what that is, in words.

        Args:
            position: Of the joints, shape (joints,).
        """
        points = self._kinematics.positions(position)
        worst = self._worst(points)
        if worst.depth <= 0.0:
            return 0.0, ""
        text = f"inside the box '{worst.box}'" if worst.box else "outside the workspace"
        return worst.depth, f"{self._told(worst.point, points)} is {worst.depth:.3f} m {text}"

    def _worst(self, points: Array) -> _Worst:
        outside = np.maximum(self._lower - points, points - self._upper).max(axis=1)
        found = _Worst(float(outside.max()), int(outside.argmax()), "")
        for name, (lower, upper) in self._keep_out.items():
            deep = np.minimum(points - lower, upper - points).min(axis=1)
            if deep.max() > max(found.depth, 0.0):
                found = _Worst(float(deep.max()), int(deep.argmax()), name)
        return found

    def _told(self, point: int, points: Array) -> str:
        at = ", ".join(f"{value:.3f}" for value in points[point])
        return f"{self._kinematics.points[point]} at ({at}) m"

    def permits(self, now: Array, then: Array) -> bool:
        """Whether joints may go from one position to another: to one that is allowed, or less wrong than the first."""
        after = self.depth(then)[0]
        return after == 0.0 or after < self.depth(now)[0] - _SAME


def workspace_of(robot: Robot) -> Workspace | None:
    """The boxes of a robot; None if it has none.

    Raises:
        ConfigError: See `Workspace`.
    """
    return Workspace(robot) if robot.safety.workspace or robot.safety.keep_out else None


def _sides(lower: Iterable[float], upper: Iterable[float]) -> str:
    low, high = ([round(float(value), 6) for value in side] for side in (lower, upper))
    return f"{low} to {high} m"
