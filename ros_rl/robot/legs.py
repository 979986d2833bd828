# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a robot's feet are and how its joints move them, without a URDF; numpy alone, fast enough for motor ticks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ros_rl.config import required, setting
from ros_rl.types import Array

_NEXT, _LAST = np.array([1, 2, 0]), np.array([2, 0, 1])


@dataclass(frozen=True, kw_only=True)
class LegJoint:
    """A turning joint of a leg, whose frame is parallel to the one before where the joint is at zero."""

    axis: tuple[float, float, float] = required("axis about which it turns, of length 1")
    offset: tuple[float, float, float] = required("where it is in the frame before it, the base's first", unit="m")


@dataclass(frozen=True, kw_only=True)
class Leg:
    """A leg from the base to the ground; the key is the contact link of its foot."""

    joints: Mapping[str, LegJoint] = required("its joints from the base on")
    foot: tuple[float, float, float] = required("centre of the foot in the last joint's frame", unit="m")
    radius: float = setting(0.0, "of a round foot, which rolls over the ground", unit="m", low=0.0)


class Feet(NamedTuple):
    """The feet at one instant, in the base frame.

    Attributes:
        position: Of their centres [m], shape (feet, 3).
        jacobian: Their velocity relative to the base by that of their leg's joints [m], shape (feet, 3, joints).
        axes: Their angular velocity by the same [1], shape (feet, 3, joints).
    """

    position: Array
    jacobian: Array
    axes: Array


class Legs:
    """The legs of a robot, in the order of its file. All have the same number of joints.

    Args:
        joints: Names of the robot's joints, in their order.
        legs: By the contact links of the feet; at least one.
    """

    def __init__(self, joints: tuple[str, ...], legs: Mapping[str, Leg]) -> None:
        chains = [list(leg.joints.values()) for leg in legs.values()]
        self.feet = tuple(legs)
        """Contact links of the feet."""
        self.joints = np.array([[joints.index(name) for name in leg.joints] for leg in legs.values()])
        """Indices of the legs' joints among the robot's, shape (feet, joints of a leg)."""
        self.radius = np.array([leg.radius for leg in legs.values()])
        """Of the feet [m], shape (feet,)."""
        axes = np.array([[joint.axis for joint in chain] for chain in chains])
        offsets = np.array([[joint.offset for joint in chain] for chain in chains])
        self._arms = np.stack([offsets, axes], axis=-1)
        self._foot = np.array([leg.foot for leg in legs.values()])[:, :, None]
        x, y, z = np.moveaxis(axes, -1, 0)
        none = np.zeros_like(x)
        self._turn = np.array([[none, -z, y], [z, none, -x], [-y, x, none]]).transpose(2, 3, 0, 1)
        self._turn_twice = self._turn @ self._turn

    def at(self, position: Array) -> Feet:
        """The feet at joint positions [rad], shape (joints of the robot,)."""
        angles = position[self.joints][:, :, None, None]  # Rodrigues: I + sin K + (1 - cos) K^2
        turns = np.sin(angles) * self._turn + (1.0 - np.cos(angles)) * self._turn_twice
        turned, moved = turns[:, 0], self._arms[:, 0]
        origins, axes = [moved[..., 0]], [moved[..., 1]]
        rotation = turned + np.eye(3)
        for joint in range(1, self.joints.shape[1]):
            moved = rotation @ self._arms[:, joint]
            origins.append(origins[-1] + moved[..., 0])
            axes.append(moved[..., 1])
            rotation = rotation + rotation @ turns[:, joint]
        foot = origins[-1] + (rotation @ self._foot)[..., 0]
        arms, about = foot[..., None] - np.stack(origins, axis=-1), np.stack(axes, axis=-1)
        jacobian = about[:, _NEXT] * arms[:, _LAST] - about[:, _LAST] * arms[:, _NEXT]
        return Feet(foot, jacobian, about)
