# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Uneven ground in MuJoCo: one field of heights, which is filled anew for each episode, in the place of a floor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ros_rl.backends.mujoco.client import mujoco
from ros_rl.backends.mujoco.model import HIDDEN, ROBOT, WORLD
from ros_rl.backends.world.terrain import COUNT, HIGHEST, SIDE
from ros_rl.types import Array, Pose

_NAME = "terrain"
_AWAY = 100.0  # m below the ground, where nothing touches what is not used
_EXTENT = 4.0  # m, by which MuJoCo chooses what is too near and too far to be drawn
_BASE = 1.0  # m of ground below the lowest height


def add_field(spec: Any) -> None:
    """Put a field, still flat, into an `MjSpec`, below its floor."""
    rows = 2 * COUNT + 1
    size = [SIDE, SIDE, 2.0 * HIGHEST, _BASE]
    spec.add_hfield(name=_NAME, nrow=rows, ncol=rows, size=size, userdata=np.zeros(rows * rows))
    body = spec.worldbody.add_body(name=_NAME, pos=[0.0, 0.0, -_AWAY])
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_HFIELD,
        hfieldname=_NAME,
        contype=WORLD,
        conaffinity=WORLD | ROBOT,
        material="ground",
        rgba=[0.62, 0.66, 0.55, 1.0],
    )


class Field:
    """The ground of a scene that has nothing but a floor.

    Args:
        model: Compiled with a field.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._body = model.body(_NAME).id
        self._floor = np.flatnonzero(model.geom_bodyid == 0)
        self._own = [array[self._floor].copy() for array in self._of_the_floor()]
        model.stat.extent = _EXTENT
        self.lay(None)

    def lay(self, field: Array | None) -> None:
        """See `SimulatedRobot.lay`."""
        if field is not None:
            self._model.hfield_data[:] = (field.ravel() + HIGHEST) / (2.0 * HIGHEST)
        for array, own, none in zip(self._of_the_floor(), self._own, (0, 0, HIDDEN), strict=True):
            array[self._floor] = own if field is None else none
        if field is None:
            self._model.body_pos[self._body] = [0.0, 0.0, -_AWAY - HIGHEST]

    def _of_the_floor(self) -> tuple[Any, Any, Any]:
        """What says that it touches others, and that it is drawn; MuJoCo never moves it."""
        return self._model.geom_contype, self._model.geom_conaffinity, self._model.geom_group

    def move(self, pose: Pose) -> None:
        """See `SimulatedRobot.move_field`."""
        self._model.body_pos[self._body] = pose.position - [0.0, 0.0, HIGHEST]
        self._model.body_quat[self._body] = pose.orientation[[3, 0, 1, 2]]
