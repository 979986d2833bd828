# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Uneven ground in MuJoCo: fields of heights, one of which is filled anew for an episode, in the place of a floor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ros_rl.backends.mujoco.client import mujoco
from ros_rl.backends.mujoco.model import HIDDEN, ROBOT, WORLD
from ros_rl.backends.world.ground import field_of
from ros_rl.backends.world.terrain import COUNT, HIGHEST, STRIDE, Terrain
from ros_rl.settings.terrain import SIDE
from ros_rl.types import Pose

_STRIDES = (1, STRIDE)
_AWAY = 100.0  # m below the ground, where nothing touches what is not used
_EXTENT = 4.0  # m, by which MuJoCo chooses what is too near and too far to be drawn
_BASE = 1.0  # m of ground below the lowest height


def add_fields(spec: Any) -> None:
    """Put a field of each stride, still flat, into an `MjSpec`, below its floor.

    MuJoCo takes a field for prisms, and a foot near the edge of one is pushed aside a little. A field that is as coarse
    as its ground allows has the fewest.
    """
    for stride in _STRIDES:
        name, rows = _name(stride), 2 * COUNT // stride + 1
        size = [SIDE, SIDE, 2.0 * HIGHEST, _BASE]
        spec.add_hfield(name=name, nrow=rows, ncol=rows, size=size, userdata=np.zeros(rows * rows))
        body = spec.worldbody.add_body(name=name, pos=[0.0, 0.0, -_AWAY])
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_HFIELD,
            hfieldname=name,
            contype=WORLD,
            conaffinity=WORLD | ROBOT,
            material="ground",
            rgba=[0.62, 0.66, 0.55, 1.0],
        )


def _name(stride: int) -> str:
    """Of a field and its body, that no link has."""
    return f"terrain {stride}"


class Fields:
    """The ground of a scene that has nothing but a floor.

    Args:
        model: Compiled with fields.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._bodies = {stride: model.body(_name(stride)).id for stride in _STRIDES}
        self._used = 1
        self._floor = np.flatnonzero(model.geom_bodyid == 0)
        self._own = [array[self._floor].copy() for array in self._of_the_floor()]
        model.stat.extent = _EXTENT
        self.lay(None)

    def lay(self, terrain: Terrain | None) -> None:
        """See `Engine.lay`."""
        for array, own, none in zip(self._of_the_floor(), self._own, (0, 0, HIDDEN), strict=True):
            array[self._floor] = own if terrain is None else none
        for body in self._bodies.values():
            self._model.body_pos[body] = [0.0, 0.0, -_AWAY - HIGHEST]
        if terrain is not None:
            self._used = terrain.stride
            hfield = self._model.hfield(_name(terrain.stride))
            hfield.data[:] = (field_of(terrain, terrain.stride) + HIGHEST) / (2.0 * HIGHEST)

    def _of_the_floor(self) -> tuple[Any, Any, Any]:
        """What says that it touches others, and that it is drawn; MuJoCo never moves it."""
        return self._model.geom_contype, self._model.geom_conaffinity, self._model.geom_group

    def move(self, pose: Pose) -> None:
        """See `Engine.move_field`."""
        body = self._bodies[self._used]
        self._model.body_pos[body] = pose.position - [0.0, 0.0, HIGHEST]
        self._model.body_quat[body] = pose.orientation[[3, 0, 1, 2]]
