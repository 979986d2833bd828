# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Sensors of movable objects: a simulator's, or a state estimator's that follows them by a camera.

Which objects there are, and in which order, the task says (`ros_rl.robot.Robot.objects`). All are on one topic, as
joints with six degrees of freedom between the robot's base and each object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ros_rl.errors import ContractError
from ros_rl.robot import Robot
from ros_rl.sensors.message_fields import get_xyz, get_xyzw, set_xyz, set_xyzw
from ros_rl.sensors.sensor import IN_BASE, ListField, Noise, Sensor, Topic, rotations, white
from ros_rl.types import Array, Measurement

_NORM_TOLERANCE = 0.1  # of a quaternion that somebody writes by hand
_POSES, _TWISTS = "transforms", "twist"


def _prepare(message: Any, robot: Robot, m: Measurement) -> None:
    message.header.frame_id, message.joint_names = robot.base_frame, list(robot.objects)


def _lists(robot: Robot) -> tuple[ListField, ...]:
    count, found = len(robot.objects), []
    if {"object_position", "object_orientation"} & {*robot.sensors}:
        found.append(ListField(_POSES, "geometry_msgs/msg/Transform", count))
    if "object_velocity" in robot.sensors:
        found.append(ListField(_TWISTS, "geometry_msgs/msg/Twist", count))
    return tuple(found)


TRACKED = "tracked_objects"
"""Topic on which somebody's tracker tells a driver where the objects are, in messages like those on ``objects``."""
OBJECTS = Topic("objects", "sensor_msgs/msg/MultiDOFJointState", _prepare, lists=_lists)


def _object(
    unit: str,
    size: int,
    field: str,
    part: str,
    get: Callable[[Any], Array],
    put: Callable[[Any, Array], None],
    noise: Noise,
    meaning: str,
) -> Sensor:
    """One part of every object, one object after the other."""

    def write(message: Any, value: Array, robot: Robot) -> None:
        for item, numbers in zip(getattr(message, field), value.reshape(-1, size), strict=True):
            put(getattr(item, part), numbers)

    def read(message: Any, robot: Robot) -> Array | None:
        items, names = getattr(message, field), list(message.joint_names)
        if not items:
            return None
        missing = [name for name in robot.objects if names.count(name) != 1]
        if missing or len(items) != len(names):
            wrong = f"object {missing[0]} {names.count(missing[0])} times" if missing else f"{len(items)} {field}"
            raise ContractError(f"objects are {', '.join(names)[:200]} with {wrong}; allowed: each with one of each")
        return np.concatenate([get(getattr(items[names.index(name)], part)) for name in robot.objects])

    return Sensor(
        unit,
        lambda robot: (size * len(robot.objects),),
        OBJECTS,
        write,
        read,
        noise,
        meaning=f"of the task's objects, one after the other: {meaning}",
        frame=IN_BASE,
        of_objects=True,
    )


OBJECT_SENSORS = {
    "object_position": _object(
        "m", 3, _POSES, "translation", get_xyz, set_xyz, white("object_position"), "their frames' origins"
    ),
    "object_orientation": _object(
        "1", 4, _POSES, "rotation", get_xyzw, set_xyzw, rotations("object_orientation"), "quaternions xyzw"
    ),
    "object_velocity": _object(
        "m/s", 3, _TWISTS, "linear", get_xyz, set_xyz, white("object_velocity"), "velocities relative to the world"
    ),
}


def of_norm_one(values: Mapping[str, Array]) -> dict[str, Array]:
    """What a tracker told, by sensor, with orientations of norm 1.

    Raises:
        ContractError: One is none: its norm is another, by more than rounding.
    """
    found = dict(values)
    if "object_orientation" in values:
        turns = values["object_orientation"].reshape(-1, 4)
        norms = np.linalg.norm(turns, axis=1, keepdims=True)
        if (np.abs(norms - 1.0) > _NORM_TOLERANCE).any():
            worst = norms[np.abs(norms - 1.0).argmax(), 0]
            raise ContractError(f"an object's orientation has norm {worst:g}, allowed: 1 +- {_NORM_TOLERANCE}")
        found["object_orientation"] = (turns / norms).reshape(-1)
    return found
