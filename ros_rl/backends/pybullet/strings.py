# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Strings of a scene in PyBullet: how they pull, and how they are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ros_rl.backends.pybullet.client import pybullet
from ros_rl.backends.pybullet.objects import MovableObject
from ros_rl.backends.world.strings import String
from ros_rl.rotations import from_rotation_vector

_PIECES, _RADIUS = 10, 0.0015  # what a string is drawn by; m, of each
_COLOUR = [0.15, 0.15, 0.15, 1.0]


class Strings:
    """What hangs on strings.

    Args:
        client: The world.
        objects: Bodies that move, most of which hang on none.
        step: Of physics [s].
    """

    def __init__(self, client: Any, objects: Iterable[MovableObject], step: float) -> None:
        self._client, self._step = client, step
        self._hung = [(item.index, item.string) for item in objects if item.string is not None]
        self._drawn = [self._pieces(string) for _, string in self._hung]

    def pull(self) -> None:
        """Let them pull in the next step of physics."""
        for index, string in self._hung:
            place = self._client.getBasePositionAndOrientation(index)[0]
            force = string.pull(np.array(place), np.array(self._client.getBaseVelocity(index)[0]), self._step)
            if force.any():
                self._client.applyExternalForce(index, -1, force.tolist(), place, pybullet.WORLD_FRAME)

    def show(self) -> None:
        """Draw each from where it is tied to its thing, straight even where it is slack: its pieces overlap there."""
        for (index, string), pieces in zip(self._hung, self._drawn, strict=True):
            place = np.array(self._client.getBasePositionAndOrientation(index)[0])
            way = place - string.anchor
            across = np.array([-way[1], way[0], 0.0])
            tilt = np.arctan2(np.hypot(way[0], way[1]), way[2])
            turned = from_rotation_vector(tilt * across / max(1e-9, float(np.linalg.norm(across))))
            for number, piece in enumerate(pieces):
                middle = string.anchor + (number + 0.5) / _PIECES * way
                self._client.resetBasePositionAndOrientation(piece, middle.tolist(), turned.tolist())

    def _pieces(self, string: String) -> list[int]:
        half = [_RADIUS, _RADIUS, string.length / _PIECES / 2]
        shape = self._client.createVisualShape(pybullet.GEOM_BOX, halfExtents=half, rgbaColor=_COLOUR)
        return [self._client.createMultiBody(0.0, -1, shape) for _ in range(_PIECES)]
