# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver of the Unitree Go2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.settings.hardware.unitree import JOINTS, UnitreeSettings

_PARTS = {  # rad, the front thigh first; go2_description of the vendor's unitree_ros
    "hip": ((-1.0472, 1.0472), (-1.0472, 1.0472)),
    "thigh": ((-1.5708, 3.4907), (-0.5236, 4.5379)),
    "calf": ((-2.7227, -0.83776), (-2.7227, -0.83776)),
}


@dataclass(frozen=True)
class UnitreeGo2Settings(UnitreeSettings):
    """A Unitree Go2 EDU in its low-level mode, over DDS."""

    driver: ClassVar[str] = "unitree_go2"
    requires: ClassVar[tuple[str, ...]] = ("cyclonedds",)
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "stiffness": (0.0, 1024.0),
        "damping": (0.0, 2048.0),
        "effort": (0.0, 45.43),
    }
    """Its messages take any number, and the vendor names no range: gains as an A1's, the strongest motor's torque."""
    travel: ClassVar[Mapping[str, tuple[float, float]]] = {
        name: _PARTS[name.split("_")[1]][name.startswith("R")] for name in JOINTS
    }

    domain: int = setting(0, "the robot's DDS domain", low=0, high=232)
    interface: str = setting("", "network interface to the robot, such as eth0; empty: the system's choice")
    release_timeout: float = setting(
        5.0, "how long the robot's motion service may take to answer and to release the motors", unit="s", low=0.1
    )
    battery_limit: float = setting(10.0, "damp and fault when the battery has less left", unit="%", low=0.0, high=90.0)
