# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Actions that move several joints at once: four wheels driven as v and omega, two fingers opened as one gripper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.types import Array

_SAME = 1e-9


@dataclass(frozen=True)
class Coupling:
    """A linear map of m actions to n joints; the identity for a joint that acts by itself.

    Attributes:
        joints: Names of the joints, the map's rows.
        actions: Names of the actions, its columns.
        units: Of each action; empty where it is a joint that acts by itself, and has that joint's.
        sizes: What each action is at 1, in its unit, shape (actions,).
        offsets: Command offset of each joint at action 1, shape (joints, actions).

    Raises:
        ConfigError: Two actions have one name, or cannot be told apart by what the joints do.
    """

    joints: tuple[str, ...]
    actions: tuple[str, ...]
    units: tuple[str, ...]
    sizes: Array
    offsets: Array

    def __post_init__(self) -> None:
        """Check that it can be inverted."""
        twice = [name for name in self.actions if self.actions.count(name) > 1]
        if twice:
            raise ConfigError(f"actions: '{twice[0]}' is the name of a joint that acts by itself, too")
        if np.linalg.matrix_rank(self.shares) < len(self.actions):
            named = ", ".join(name for name, unit in zip(self.actions, self.units, strict=True) if unit)
            raise ConfigError(f"actions: {named} cannot be told apart by what the joints do: one is a sum of others")

    @cached_property
    def scale(self) -> Array:
        """Largest command offset of each joint, which it has when all its actions are 1 its way, shape (joints,)."""
        scale: Array = np.abs(self.offsets).sum(1)
        return scale

    @cached_property
    def shares(self) -> Array:
        """The offsets in multiples of `scale`, shape (joints, actions)."""
        shares: Array = self.offsets / self.scale[:, None]
        return shares

    @cached_property
    def _inverse(self) -> Array:
        return np.asarray(np.linalg.pinv(self.shares), dtype=np.float64)

    def to_joints(self, action: Array) -> Array:
        """What actions, shape (..., actions), are for each joint, in multiples of its `scale`, shape (..., joints)."""
        return np.asarray(action @ self.shares.T)

    def to_actions(self, offset: Array) -> Array:
        """The actions that come nearest to such offsets by least squares; the inverse of `to_joints`."""
        return np.asarray(offset @ self._inverse.T)

    def action_bounds(self, low: Array, high: Array) -> tuple[Array, Array]:
        """Between which the actions lie that `to_actions` gives of offsets between these, each of shape (actions,).

        Args:
            low: Smallest offset of each joint, in multiples of its `scale`, shape (joints,).
            high: Largest.
        """
        weights = np.where(np.abs(self._inverse) < _SAME, 0.0, self._inverse)
        with np.errstate(invalid="ignore"):  # of a joint that has no part and no limit
            ends = np.where(weights == 0.0, 0.0, np.stack([weights * low, weights * high]))
        return ends.min(0).sum(1), ends.max(0).sum(1)

    def mirror(self, joints: Sequence[int], signs: Array) -> tuple[tuple[int, ...], Array]:
        """Which action is the left-right mirror image of which, and its sign.

        Args:
            joints: For each joint the index of its image.
            signs: And its sign, shape (joints,).

        Raises:
            ConfigError: The mirror image of an action is none.
        """
        images, found = self.offsets[list(joints)] * signs[:, None], []
        for action, image in zip(self.actions, images.T, strict=True):
            same = [
                (other, sign)
                for sign in (1.0, -1.0)
                for other in range(len(self.actions))
                if np.allclose(sign * self.offsets[:, other], image, rtol=_SAME, atol=0.0)
            ]
            if not same:
                raise ConfigError(f"mirror: the mirror image of action '{action}' is none of the actions")
            found.append(same[0])
        return tuple(index for index, _ in found), np.array([sign for _, sign in found])

    def describe(self) -> dict[str, dict[str, float]]:
        """By action and joint, the command offset at action 1; for a control graph's contract."""
        return {
            action: {joint: float(value) for joint, value in zip(self.joints, column, strict=True) if value}
            for action, column in zip(self.actions, self.offsets.T, strict=True)
        }


def couple(
    joints: Sequence[str], alone: Mapping[str, float], together: Mapping[str, tuple[str, float, Mapping[str, float]]]
) -> Coupling:
    """A coupling from what a robot's file says: first the actions that move several joints, then the other joints.

    Args:
        joints: Names of all joints.
        alone: Command offset at action 1 of the joints that act by themselves.
        together: By the other actions' names their unit, what action 1 is in it, and the command of each joint for one
            unit.

    Raises:
        ConfigError: See `Coupling`.
    """
    columns = [[factors.get(joint, 0.0) * size for joint in joints] for _, size, factors in together.values()]
    columns += [[offset if joint == name else 0.0 for joint in joints] for name, offset in alone.items()]
    return Coupling(
        joints=tuple(joints),
        actions=(*together, *alone),
        units=(*(unit for unit, _, _ in together.values()), *[""] * len(alone)),
        sizes=np.array([*(size for _, size, _ in together.values()), *alone.values()]),
        offsets=np.array(columns).T,
    )
