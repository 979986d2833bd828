# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Bodies of a scene that move: where they are, and where an episode puts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ros_rl.backends.world.strings import String, string_of
from ros_rl.errors import ConfigError
from ros_rl.rotations import from_rotation_vector
from ros_rl.scenes import SceneBody
from ros_rl.types import Array, Pose


@dataclass(frozen=True)
class MovableObject:
    """One such body.

    Attributes:
        index: PyBullet's body index.
        place: Where its frame's origin is put [m], and how far it is turned about the vertical [rad], shape (4,).
        spread: How far from there at most along each axis [m], and how far turned about the vertical [rad], shape (4,).
        inertial: Pose of its centre of mass in its frame; PyBullet tells and moves the former.
        string: What it hangs on, if it does.
    """

    index: int
    place: Array
    spread: Array
    inertial: tuple[tuple[float, ...], tuple[float, ...]]
    string: String | None

    def reset(self, client: Any, rng: np.random.Generator) -> None:
        """Put it where an episode begins, at rest."""
        place = self.place + rng.uniform(-self.spread, self.spread)
        turned = from_rotation_vector(np.array([0.0, 0.0, place[3]]))
        self.put(client, Pose(place[:3], turned))

    def put(self, client: Any, pose: Pose) -> None:
        """Put its frame somewhere in the world, at rest."""
        centre = client.multiplyTransforms(pose.position.tolist(), pose.orientation.tolist(), *self.inertial)
        client.resetBasePositionAndOrientation(self.index, *centre)
        client.resetBaseVelocity(self.index, [0.0] * 3, [0.0] * 3)

    def pose(self, client: Any) -> Pose:
        """Of its frame in the world."""
        inverse = client.invertTransform(*self.inertial)
        position, orientation = client.multiplyTransforms(*client.getBasePositionAndOrientation(self.index), *inverse)
        return Pose(np.array(position), np.array(orientation))

    def velocity(self, client: Any) -> Array:
        """Of its frame's origin in the world [m/s], shape (3,)."""
        linear, angular = (np.array(value) for value in client.getBaseVelocity(self.index))
        centre = np.array(client.getBasePositionAndOrientation(self.index)[0])
        return linear + np.cross(angular, self.pose(client).position - centre)


def movable(client: Any, index: int, body: SceneBody) -> MovableObject:
    """A body that was just loaded."""
    dynamics = client.getDynamicsInfo(index, -1)
    place = np.array([*body.position, body.yaw])
    return MovableObject(index, place, np.array(body.spread), (dynamics[3], dynamics[4]), string_of(body))


def named(objects: Mapping[str, MovableObject], names: Sequence[str], scene: str) -> dict[str, MovableObject]:
    """Those that a task observes, in its order.

    Raises:
        ConfigError: The scene has none of that name.
    """
    for name in names:
        if name not in objects:
            raise ConfigError(f"scene '{scene}' has no object '{name}'; it has: {', '.join(objects) or 'none'}")
    return {name: objects[name] for name in names}
