# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the drivers of real robots, a module for each."""

from __future__ import annotations

from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.hardware.ros2_control import Ros2ControlSettings
from ros_rl.settings.hardware.so101 import So101Settings
from ros_rl.settings.hardware.sphero import SpheroSettings
from ros_rl.settings.hardware.unitree_a1 import UnitreeA1Settings
from ros_rl.settings.hardware.unitree_go2 import UnitreeGo2Settings
from ros_rl.settings.hardware.ur_rtde import UrRtdeSettings
from ros_rl.settings.hardware.xarm import XarmSettings

HARDWARE_SETTINGS: dict[str, type[BackendSettings]] = {
    "so101": So101Settings,
    "xarm": XarmSettings,
    "unitree_a1": UnitreeA1Settings,
    "ros2_control": Ros2ControlSettings,
    "unitree_go2": UnitreeGo2Settings,
    "sphero": SpheroSettings,
    "ur_rtde": UrRtdeSettings,
}
"""By the drivers' names."""
