# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A string that a thing hangs on: it pulls when it is taut, else it does nothing, and it touches nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ros_rl.backends.gravity import GRAVITY
from ros_rl.scenes import SceneBody
from ros_rl.types import Array

_FALL = np.array([0.0, 0.0, -GRAVITY])  # m/s^2
STIFFNESS = 2000.0
"""Of a taut string [N/m], as of a metre of nylon a millimetre thick."""
_DAMPING = 0.3  # of the critical one


@dataclass(frozen=True)
class String:
    """A spring on one side, damped a little along itself, from a point of the world to a thing's middle.

    Attributes:
        anchor: Where it is tied in the world [m], shape (3,).
        length: When it begins to pull [m].
        mass: Of the thing [kg].
    """

    anchor: Array
    length: float
    mass: float

    def pull(self, place: Array, velocity: Array, step: float) -> Array:
        """Force on the thing over a step of physics [N], shape (3,).

        It is that which spring and damper have at the end of the step that the thing alone makes (implicit Euler), so
        that it is stable however light the thing is. What a gripper holds it pulls by less, down to half.

        Args:
            place: Of the thing's middle in the world [m], shape (3,).
            velocity: Of it [m/s], shape (3,).
            step: [s].
        """
        way = self.anchor - place
        distance = float(np.linalg.norm(way))
        if distance == 0.0:
            return np.zeros(3)
        along = way / distance
        away = -float((velocity + step * _FALL) @ along)
        stretch = distance - self.length + step * away
        if stretch <= 0.0:
            return np.zeros(3)
        damping = 2.0 * _DAMPING * (STIFFNESS * self.mass) ** 0.5
        give = 1.0 + step * (damping + step * STIFFNESS) / self.mass
        return max(0.0, STIFFNESS * stretch + damping * away) / give * along


def string_of(body: SceneBody) -> String | None:
    """That of a body which moves; None if it hangs on none."""
    if body.string is None or body.anchor is None or body.mass is None:
        return None
    return String(np.array(body.anchor), body.string, body.mass)
