# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The limits of an xArm's joints, which its control box does not tell, but judges any position by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ros_rl.backends.own_limits import OwnLimits
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.types import Array

_RESOLUTION = 1e-3  # rad


def ask_limits(robot: Robot, axes: int, is_out: Callable[[Array], bool]) -> OwnLimits:
    """How far each joint may go from home, asked for no farther than to the ends of its range by the robot's file.

    Args:
        robot: Whose joints; all but one are at home.
        axes: Joints of the arm itself.
        is_out: Asks the control box about positions there [rad], shape (axes,).

    Raises:
        BackendError: Not even home is within them.
    """
    joints, home, limits = robot.joint_map("xarm"), robot.home, robot.limits
    if is_out(joints.position_there(home)[:axes]):
        raise BackendError("its control box takes home for out of its joints' limits: look at signs and zeros")

    def last(index: int, end: float) -> float:
        """The last position towards an end that it permits."""

        def permits(value: float) -> bool:
            position = home.copy()
            position[index] = value
            return not is_out(joints.position_there(position)[:axes])

        inside, outside = float(home[index]), end
        if permits(end):
            return end
        while abs(outside - inside) > _RESOLUTION:
            middle = 0.5 * (inside + outside)
            inside, outside = (middle, outside) if permits(middle) else (inside, middle)
        return inside

    lower, upper = (
        np.array([last(index, float(ends[index])) if index < axes else ends[index] for index in range(robot.size)])
        for ends in (limits.lower, limits.upper)
    )
    return OwnLimits("its control box", lower, upper, np.full(robot.size, np.inf))
