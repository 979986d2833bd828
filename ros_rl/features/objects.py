# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields of what moves around a robot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ros_rl.features.feature import IN_EPISODE, MIRRORED_COLUMNS, Feature, in_episode, measured
from ros_rl.robot import Robot
from ros_rl.rotations import quaternion_to_matrix, rotation_columns
from ros_rl.sensors.sensor import IN_BASE
from ros_rl.types import Array, Tick


def _columns(quaternions: Array) -> Array:
    return np.concatenate([rotation_columns(quaternion) for quaternion in quaternions.reshape(-1, 4)])


def _nearest_offset(tick: Tick, robot: Robot) -> Array:
    m = tick.measurement
    offsets = m["object_position"].reshape(-1, 3) - m["tool_position"]
    return np.asarray(offsets[np.linalg.norm(offsets, axis=1).argsort(kind="stable")]).reshape(-1)


def _object_planar(tick: Tick, robot: Robot) -> Array:
    m = tick.measurement
    places = m["object_position"].reshape(-1, 3) @ quaternion_to_matrix(m["base_orientation"]).T
    return in_episode((places + m["base_position"])[:, :2], tick).reshape(-1)


def _per_object(size: int) -> Callable[[Robot], int]:
    return lambda robot: size * len(robot.objects)


OBJECTS: dict[str, Feature] = {
    "object_position": Feature(
        "m",
        2.0,
        _per_object(3),
        measured("object_position"),
        ("object_position",),
        mirror=(1, -1, 1),
        meaning="of the task's objects, one after the other",
        frame=IN_BASE,
    ),
    "nearest_offset": Feature(
        "m",
        15.0,  # what is near counts, to the centimetre
        _per_object(3),
        _nearest_offset,
        ("object_position", "tool_position"),
        mirror=(1, -1, 1),
        meaning="from the tool to the task's objects, the nearest first",
        frame=IN_BASE,
    ),
    "object_orientation": Feature(
        "1",
        1.0,
        _per_object(6),
        lambda tick, robot: _columns(tick.measurement["object_orientation"]),
        ("object_orientation",),
        mirror=MIRRORED_COLUMNS,
        meaning="x and y axis of each of the task's objects",
        frame=IN_BASE,
    ),
    "object_velocity": Feature(
        "m/s",
        1.0,
        _per_object(3),
        measured("object_velocity"),
        ("object_velocity",),
        mirror=(1, -1, 1),
        meaning="of the task's objects, relative to the world",
        frame=IN_BASE,
    ),
    "object_planar": Feature(
        "m",
        0.5,
        _per_object(2),
        _object_planar,
        ("object_position", "base_position", "base_orientation"),
        mirror=(1, -1),
        meaning="x and y of the task's objects, one after the other",
        frame=IN_EPISODE,
    ),
}
"""By name."""
