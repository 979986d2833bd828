# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a driver remembers of a robot's last control periods (`ros_rl.sensors.trail`)."""

from __future__ import annotations

from collections import deque

import numpy as np

from ros_rl.sensors.trail import PERIODS
from ros_rl.types import Array


class Trail:
    """Where the base and the joints were at the ends of the last control periods; at first they stood still."""

    def __init__(self) -> None:
        self._places: deque[Array] = deque(maxlen=PERIODS + 1)
        self._joints: deque[Array] = deque(maxlen=PERIODS + 1)

    def begin(self) -> None:
        """Forget all."""
        self._places.clear()
        self._joints.clear()

    def add(self, place: Array, joints: Array) -> dict[str, Array]:
        """Note the end of a control period, and tell of the last ones, by the sensors' names.

        Args:
            place: Of the base, x and y [m], shape (2,).
            joints: Positions of the commanded joints [rad or m], shape (joints,).
        """
        self._places.appendleft(np.array(place))
        self._joints.appendleft(np.array(joints))
        return {"base_trail": _ways(self._places), "joint_trail": _ways(self._joints)}


def _ways(points: deque[Array]) -> Array:
    """From each to the one before it, the newest first; none where there is none."""
    known = [*points] + [points[-1]] * (PERIODS + 1 - len(points))
    return np.concatenate([later - earlier for later, earlier in zip(known, known[1:], strict=False)])
