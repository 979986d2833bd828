# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Uneven ground in PyBullet: one field of heights, which is filled anew for each episode, in the place of a floor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ros_rl.backends.pybullet.client import pybullet
from ros_rl.backends.pybullet.scene import Scene
from ros_rl.backends.world.ground import field_of
from ros_rl.backends.world.terrain import CELL, COUNT, HIGHEST, Terrain
from ros_rl.types import Array, Pose

_AWAY = 100.0  # m below the ground, where nothing touches what is not used
_COLOUR = [0.62, 0.66, 0.55, 1.0]


class Field:
    """The ground of a scene that has nothing but a floor.

    Args:
        client: The world.
        scene: Whose floor it takes the place of, and to which it is added.
    """

    def __init__(self, client: Any, scene: Scene) -> None:
        self._client = client
        self._floor = [(index, client.getBasePositionAndOrientation(index)) for index in scene.world]
        field = np.zeros((2 * COUNT + 1, 2 * COUNT + 1))
        field[0, 0], field[-1, -1] = -HIGHEST, HIGHEST  # between which PyBullet takes all that fills it for, ever after
        self._shape = -1
        self._shape = self._fill(field)
        self._index = int(client.createMultiBody(0.0, self._shape))
        client.changeDynamics(self._index, -1, lateralFriction=1.0)
        client.changeVisualShape(self._index, -1, rgbaColor=_COLOUR)
        scene.world.append(self._index)
        self.lay(None)

    def _fill(self, field: Array) -> int:
        rows, columns = field.shape
        return int(
            self._client.createCollisionShape(
                pybullet.GEOM_HEIGHTFIELD,
                meshScale=[CELL, CELL, 1.0],
                heightfieldData=field.ravel().tolist(),
                numHeightfieldRows=rows,
                numHeightfieldColumns=columns,
                replaceHeightfieldIndex=self._shape,
            )
        )

    def lay(self, terrain: Terrain | None) -> None:
        """See `Engine.lay`."""
        if terrain is not None:
            self._fill(field_of(terrain))
        for index, (position, orientation) in self._floor:
            lowered = [position[0], position[1], position[2] - (0.0 if terrain is None else _AWAY)]
            self._client.resetBasePositionAndOrientation(index, lowered, orientation)
        if terrain is None:
            self.move(Pose(np.array([0.0, 0.0, -_AWAY]), np.array([0.0, 0.0, 0.0, 1.0])))

    def move(self, pose: Pose) -> None:
        """See `Engine.move_field`."""
        self._client.resetBasePositionAndOrientation(self._index, pose.position.tolist(), pose.orientation.tolist())
