# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whoever looks after a legged robot: lowers it when its motors hold, and picks it up when it has fallen."""

from __future__ import annotations

import numpy as np

from ros_rl.rotations import from_rotation_vector, quaternion_to_matrix, yaw_of
from ros_rl.stand_ins.body import Body

HANGING = 0.5
"""Height of the base of a robot that hangs [m]."""
FALLEN = 0.5
"""Lean of a robot that has fallen [rad]: what leans on a folded leg does not stand up by itself."""
_HESITATES = 2.0  # s
_STANDS_FIRST = 1.5  # s for which the motors hold before it is lowered
_LOWERS = 0.2  # m/s
_WEIGHT = 0.5  # share that the feet carry when it is let go
_LOWEST = 0.1  # m


class Person:
    """Carries a body, step by step.

    Args:
        body: Of the robot.
        rescues: Whether a fallen robot is picked up.
        hangs: Whether it hangs at first.
    """

    def __init__(self, body: Body, rescues: bool, hangs: bool) -> None:
        self._body = body
        self.rescues = rescues
        """Whether it picks a fallen robot up."""
        self._place = np.array([0.0, 0.0, HANGING])
        self._yaw = 0.0
        self._lying = self._held = 0.0
        self.carries = hangs
        """Whether the robot is in its hands."""
        self.rescued = 0
        """Times that it was picked up."""

    def look(self, follows: bool) -> None:
        """What happens in a step.

        Args:
            follows: Whether the motors follow a position.
        """
        if self.carries:
            self._carry(follows)
        elif self.rescues:
            self._watch()

    def _watch(self) -> None:
        orientation = self._body.measurement["base_orientation"]
        fallen = quaternion_to_matrix(orientation)[2, 2] < np.cos(FALLEN)
        self._lying = self._lying + self._body.period if fallen else 0.0
        if self._lying >= _HESITATES:
            position = self._body.measurement["base_position"]
            self._place, self._yaw = np.array([*position[:2], HANGING]), yaw_of(orientation)
            self._lying = self._held = 0.0
            self.carries, self.rescued = True, self.rescued + 1

    def _carry(self, follows: bool) -> None:
        period = self._body.period
        self._held = self._held + period if follows else 0.0
        if self._held >= _STANDS_FIRST:
            self._place[2] -= _LOWERS * period
        stands = self._body.measurement["contact_force"].sum() >= _WEIGHT * self._body.weight
        if self._held >= _STANDS_FIRST and (stands or self._place[2] <= _LOWEST):
            self.carries = False
            return
        self._body.carry(self._place, from_rotation_vector(np.array([0.0, 0.0, self._yaw])))
