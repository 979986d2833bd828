# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Small spheres in a simulated world, where a task asks for something to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ros_rl.backends.instant import Instant
from ros_rl.backends.pybullet.client import pybullet
from ros_rl.types import Array

_RADIUS = 0.02  # m


def _on_the_ground(points: Array, now: Instant) -> Array:
    places = points.reshape(-1, 2)
    return np.column_stack([places, np.full(len(places), _RADIUS)])


_PLACES: dict[str, Callable[[Array, Instant], Array]] = {
    "goal_position": lambda value, now: (now.pose[0] + now.rotation @ value)[None],
    "goal_planar": _on_the_ground,
    "waypoints": _on_the_ground,
}
"""By the inputs' names, where they are in the world, shape (markers, 3)."""


class Markers:
    """Shows what is asked for.

    Args:
        client: The world.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._bodies: dict[str, list[int]] = {}
        self._shown: dict[str, Array] = {}

    def show(self, inputs: Mapping[str, Array], now: Callable[[], Instant]) -> None:
        """Put the spheres where what has changed asks for it.

        Args:
            inputs: By name; those that are no place are left out.
            now: Gives the robot, if it is needed.
        """
        for name, value in inputs.items():
            if name in _PLACES and not np.array_equal(value, self._shown.get(name, np.zeros(0))):
                self._shown[name] = value.copy()
                self._move(name, _PLACES[name](value, now()))

    def _move(self, name: str, places: Array) -> None:
        bodies = self._bodies.setdefault(name, [])
        while len(bodies) < len(places):
            shape = self._client.createVisualShape(pybullet.GEOM_SPHERE, radius=_RADIUS, rgbaColor=[0.9, 0.1, 0.1, 1.0])
            bodies.append(self._client.createMultiBody(0.0, -1, shape))
        for body, place in zip(bodies, places, strict=True):
            self._client.resetBasePositionAndOrientation(body, place.tolist(), [0.0, 0.0, 0.0, 1.0])
