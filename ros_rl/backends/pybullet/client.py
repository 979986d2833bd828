# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""PyBullet itself: imported and started without chatter, and its clients."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from typing import Any

from ros_rl.backends.display import check_display
from ros_rl.backends.gravity import GRAVITY
from ros_rl.errors import MissingDependencyError
from ros_rl.settings.simulators.pybullet import PyBulletSettings


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what PyBullet's C code prints off stdout and stderr, where results and messages stand."""
    libc = ctypes.CDLL(None)
    libc.fflush(None)
    saved = [os.dup(stream) for stream in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        yield
    finally:
        libc.fflush(None)
        for stream, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)


try:
    with quiet():
        import pybullet
        import pybullet_data
        from pybullet_utils.bullet_client import BulletClient
except ImportError as error:
    raise MissingDependencyError("pybullet", "sim") from error

_OFTEN = (
    "getBasePositionAndOrientation",
    "getBaseVelocity",
    "getContactPoints",
    "getJointStates",
    "getLinkState",
    "multiplyTransforms",
    "setJointMotorControlArray",
    "stepSimulation",
)  # called at the physics rate; the client makes each function anew whenever it is asked for it

__all__ = ["connect", "pybullet", "pybullet_data", "quiet"]


def connect(settings: PyBulletSettings) -> Any:
    """A new, empty world; several may live in one process.

    Args:
        settings: Physics rate, solver, and whether a window shows it.

    Raises:
        ConfigError: There is no display to show it on.
    """
    if settings.gui:
        check_display()
    with quiet():
        client: Any = BulletClient(pybullet.GUI if settings.gui else pybullet.DIRECT)
    for name in _OFTEN:
        setattr(client, name, getattr(client, name))
    client.setAdditionalSearchPath(pybullet_data.getDataPath())
    client.setGravity(0.0, 0.0, -GRAVITY)
    client.setPhysicsEngineParameter(
        fixedTimeStep=1.0 / settings.physics_rate_hz, numSolverIterations=settings.solver_iterations, numSubSteps=0
    )
    if settings.gui:
        client.configureDebugVisualizer(pybullet.COV_ENABLE_GUI, 0)
    return client
