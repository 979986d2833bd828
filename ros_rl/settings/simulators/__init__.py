# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the simulators, a module for each."""

from __future__ import annotations

from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.settings.simulators.mujoco import MujocoSettings
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.settings.simulators.rolling import RollingSettings

SIMULATOR_SETTINGS: dict[str, type[BackendSettings]] = {
    "pybullet": PyBulletSettings,
    "mujoco": MujocoSettings,
    "mock": MockSettings,
    "rolling": RollingSettings,
}
"""By the simulators' names."""
