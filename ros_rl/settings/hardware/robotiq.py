# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of a Robotiq gripper of two fingers on a UR's flange."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import setting
from ros_rl.errors import ConfigError


@dataclass(frozen=True)
class RobotiqSettings:
    """A 2F-85 or 2F-140 by the server of Robotiq's URCap; of use where the robot's file has a gripper."""

    port: int = setting(63352, "port of the URCap's server on the control box", low=1, high=65535)
    rate_hz: float = setting(
        50.0, "how often it is asked where it is, at most; a new target is sent at once", unit="Hz", low=2.0, high=125.0
    )
    silence_limit: float = setting(0.5, "fault when it has told nothing for this long", unit="s", low=0.05, high=5.0)
    activate: bool = setting(
        False, "arming activates one that is not active, or has a fault: its fingers then go all the way and back"
    )
    speed: float = setting(1.0, "of its range, 20 to 150 mm/s of a 2F-85, 30 to 250 of a 2F-140", low=0.0, high=1.0)
    force: float = setting(0.05, "of its range, 20 to 235 N of a 2F-85, 10 to 125 of a 2F-140", low=0.0, high=1.0)
    latency: float = setting(
        0.1,
        "what counts as having acted on it when it is measured is what it was told so long before: its fingers take a "
        "while to begin, and are not to be taken for held up meanwhile",
        unit="s",
        low=0.0,
        high=0.5,
    )
    open_count: int = setting(3, "its position, of 255, where the fingers are farthest apart", low=0, high=255)
    closed_count: int = setting(230, "its position, of 255, where they touch each other", low=0, high=255)

    def __post_init__(self) -> None:
        """Refuse positions that are none."""
        if self.closed_count <= self.open_count:
            raise ConfigError(
                f"driver.backend.gripper.closed_count {self.closed_count} is not above open_count {self.open_count}"
            )
