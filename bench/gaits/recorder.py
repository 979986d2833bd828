# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a quadruped's feet and motors do, physics step by physics step, by PyBullet's truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.types import Array


class GaitRecorder:
    """Looks after each physics step of a backend; `rows` of an episode begin with `clear`.

    Args:
        backend: Of a robot with feet; its private parts are looked into, as nothing in the package needs this rate.
    """

    def __init__(self, backend: PyBulletBackend) -> None:
        self._client, self._body, self._scene = backend._client, backend._body, backend._scene
        self._actuators = backend._actuators
        self.weight = backend.weight
        """[N]."""
        self._advance = self._actuators._step_simulation
        self._actuators._step_simulation = self._step
        self.clear()

    def clear(self) -> None:
        """Forget what was seen."""
        self._rows: list[tuple[Any, ...]] = []

    def _step(self) -> None:
        velocity = [state[6] for state in self._feet(velocities=True)]  # before it strikes
        self._advance()
        load = dict.fromkeys(self._body.feet, 0.0)
        for world in self._scene.world:
            for point in self._client.getContactPoints(self._body.index, world):
                if point[3] in load:
                    load[point[3]] += point[9]
        states = self._client.getJointStates(self._body.index, self._body.joints)
        base = self._client.getBasePositionAndOrientation(self._body.index)[0]
        effort = self._actuators.effort.copy()
        self._rows.append((list(load.values()), velocity, [state[1] for state in states], effort, base))

    def _feet(self, velocities: bool) -> Any:
        return self._client.getLinkStates(self._body.index, self._body.feet, computeLinkVelocity=velocities)

    @property
    def loads(self) -> Array:
        """Normal force on each foot [N], shape (steps, feet)."""
        return np.array([row[0] for row in self._rows])

    @property
    def foot_velocities(self) -> Array:
        """Of each foot before the step [m/s], shape (steps, feet, 3)."""
        return np.array([row[1] for row in self._rows])

    @property
    def joint_velocities(self) -> Array:
        """[rad/s], shape (steps, joints)."""
        return np.array([row[2] for row in self._rows])

    @property
    def efforts(self) -> Array:
        """[N m], shape (steps, joints)."""
        return np.array([row[3] for row in self._rows])

    @property
    def base_positions(self) -> Array:
        """[m], shape (steps, 3)."""
        return np.array([row[4] for row in self._rows])
