# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A legged robot that may lie: actions reach as far as its joints do, and no guard takes a fall for a fault."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ros_rl.robot.robot import POSITION, Robot

_QUICK = 0.5
"""Share of the control period in which targets move: what swings itself up has to be quicker than what walks."""


def may_lie(robot: Robot, reach: float) -> Robot:
    """The robot with an action map for getting up, and without the guards that a fallen robot would trip.

    An action of +-1 is `reach` of the way from home to the nearer end of a joint's range, so that every action is a
    command within the limits. Tilt is no fault, nor is a joint that the ground or the robot's own weight keeps from its
    target (`safety.joint_error`); limits, speed, effort, temperature and the watchdogs stay. In a simulator its links
    collide with each other: it would learn to roll over with its legs through its trunk. Targets move in half of the
    control period, if the file lets them take longer.

    Args:
        robot: As its file describes it.
        reach: Share of that way, in (0, 1].
    """
    limits, home = robot.limits, robot.home
    nearer = np.minimum(home - limits.lower, limits.upper - home)
    scale = np.where(robot.commanded_by(POSITION) & np.isfinite(nearer), reach * nearer, robot.scale)
    simulation = robot.simulation and replace(robot.simulation, self_collision=True)
    safety = replace(robot.safety, tilt=math.inf, joint_error=math.inf)
    ramp = min(robot.command_ramp, _QUICK)
    return replace(robot, scale=scale, safety=safety, simulation=simulation, command_ramp=ramp)
