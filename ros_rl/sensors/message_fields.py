# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Numbers in the fields of standard messages, read and written by attribute, so that no message package is needed."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from ros_rl.errors import ContractError
from ros_rl.robot import Robot
from ros_rl.types import Array


def doubles(values: Array) -> array:  # type: ignore[type-arg]
    """Numbers as rclpy takes them without a look at each."""
    return array("d", np.ascontiguousarray(values, dtype=np.float64).tobytes())


def by_name(names: list[str], values: Any, joints: tuple[str, ...], robot: Robot) -> Array:
    """Values of `joints` out of a message that names its own.

    Raises:
        ContractError: A joint is missing or named twice, or there is not one value for each name.
    """
    found = np.array(values, dtype=np.float64)
    if found.shape != (len(names),):
        raise ContractError(f"joint state has {found.size} values for {len(names)} joints of {robot.name}")
    if tuple(names) == joints:
        return found
    if len(set(names)) != len(names):
        raise ContractError(f"joint state names a joint twice: {', '.join(names)[:200]}")
    try:
        return found[[names.index(joint) for joint in joints]]
    except ValueError:
        needed = ", ".join([*robot.joints, *robot.passive])
        raise ContractError(f"joint state has {', '.join(names)[:200]}; {robot.name} needs {needed}") from None


def get_xyz(field: Any) -> Array:
    """A point or a vector, shape (3,)."""
    return np.array([field.x, field.y, field.z])


def set_xyz(field: Any, value: Array) -> None:
    """Write three numbers into a point or a vector."""
    field.x, field.y, field.z = value.tolist()


def get_xyzw(field: Any) -> Array:
    """A quaternion xyzw, shape (4,)."""
    return np.array([field.x, field.y, field.z, field.w])


def set_xyzw(field: Any, value: Array) -> None:
    """Write a quaternion xyzw."""
    field.x, field.y, field.z, field.w = value.tolist()
