# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Backends by name, imported only when asked for."""

from __future__ import annotations

from ros_rl.backends.backend import Backend, Truth
from ros_rl.errors import UnknownNameError
from ros_rl.settings.tree import Settings


def make_backend(settings: Settings, seed: int = 0, track_contacts: bool = False) -> Backend:
    """The backend of a run.

    Raises:
        MissingDependencyError: Its optional package is not installed.
        UnknownNameError: The driver is external, or unknown.
    """
    robot, period = settings.load_robot(), settings.control.period
    if settings.driver.backend == "mock":
        from ros_rl.backends.mock import MockBackend

        return MockBackend(robot, period)
    if settings.driver.backend == "pybullet":
        from ros_rl.backends.pybullet.backend import PyBulletBackend

        return PyBulletBackend(robot, settings.driver, period, settings.task.scene, seed, track_contacts)
    raise UnknownNameError("backend", settings.driver.backend, ("mock", "pybullet"))


__all__ = ["Backend", "Truth", "make_backend"]
