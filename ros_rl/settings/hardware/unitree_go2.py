# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver of the Unitree Go2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.settings.hardware.unitree import UnitreeSettings


@dataclass(frozen=True)
class UnitreeGo2Settings(UnitreeSettings):
    """A Unitree Go2 EDU in its low-level mode, over DDS."""

    driver: ClassVar[str] = "unitree_go2"
    requires: ClassVar[tuple[str, ...]] = ("cyclonedds",)

    domain: int = setting(0, "the robot's DDS domain", low=0, high=232)
    interface: str = setting("", "network interface to the robot, such as eth0; empty: the system's choice")
    release_timeout: float = setting(
        5.0, "how long the robot's motion service may take to answer and to release the motors", unit="s", low=0.1
    )
    battery_limit: float = setting(10.0, "damp and fault when the battery has less left", unit="%", low=0.0, high=90.0)
