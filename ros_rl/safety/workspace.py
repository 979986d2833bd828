# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The boxes that an arm's links and tool stay in, and those that they stay out of."""

from __future__ import annotations

import numpy as np

from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.robot import Robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.types import Array

_SAME = 1e-6  # m


class Workspace:
    """Where the origins of a robot's links and its tool centre point may be.

    Args:
        robot: Whose `safety` has the boxes.

    Raises:
        ConfigError: Its URDF, which tells where the links are, cannot be read.
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
        self._keep_out = {
            name: ((np.array(box.lower) + box.upper) / 2, (np.array(box.upper) - box.lower) / 2)
            for name, box in safety.keep_out.items()
        }

    def depth(self, position: Array) -> tuple[float, str]:
        """How far the worst point is where it may not be [m], 0 if none is; and what that is, in words.

        Args:
            position: Of the joints, shape (joints,).
        """
        points = self._kinematics.positions(position)
        outside = np.maximum(self._lower - points, points - self._upper).max(axis=1)
        found, text = float(outside.max()), "outside the workspace"
        worst = int(outside.argmax())
        for name, (center, half) in self._keep_out.items():
            deep = (half - np.abs(points - center)).min(axis=1)
            if deep.max() > max(found, 0.0):
                found, text, worst = float(deep.max()), f"inside the box '{name}'", int(deep.argmax())
        if found <= 0.0:
            return 0.0, ""
        at = ", ".join(f"{value:.3f}" for value in points[worst])
        return found, f"{self._kinematics.points[worst]} at ({at}) m is {found:.3f} m {text}"

    def permits(self, now: Array, then: Array) -> bool:
        """Whether joints may go from one position to another: to one that is allowed, or less wrong than the first."""
        after = self.depth(then)[0]
        return after == 0.0 or after < self.depth(now)[0] - _SAME


def workspace_of(robot: Robot) -> Workspace | None:
    """The boxes of a robot; None if it has none."""
    return Workspace(robot) if robot.safety.workspace or robot.safety.keep_out else None
