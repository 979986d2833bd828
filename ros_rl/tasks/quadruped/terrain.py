# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A quadruped that walks straight ahead on whatever the ground is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.tasks.quadruped.walk import QuadrupedWalk


@dataclass(frozen=True)
class QuadrupedTerrain(QuadrupedWalk):
    """`QuadrupedWalk` on slopes, steps and bumps, which its worlds have (``driver.backend.world.terrain``).

    Its legs are measured along the trunk's own axis, not along gravity: by gravity the feet at the lower end of a slope
    of 10 degrees are 6 cm deeper than those at the upper one, which is more than a swinging foot is lifted; along the
    axis of a trunk that goes with the slope they are all as deep as on a floor.
    """

    observation: ClassVar[tuple[str, ...]] = (
        *(name for name in QuadrupedWalk.observation if name not in ("height_over_feet", "feet_lift", "gait_phase")),
        "body_height_over_feet",
        "body_feet_lift",
        "gait_phase",
    )
    height: ClassVar[str] = "body_height_over_feet"
    lift: ClassVar[str] = "body_feet_lift"


@dataclass(frozen=True)
class A1Terrain(QuadrupedTerrain):
    """`QuadrupedTerrain` with a Unitree A1."""

    name: ClassVar[str] = "a1_terrain"
    robot: ClassVar[str] = "a1"


@dataclass(frozen=True)
class Go2Terrain(QuadrupedTerrain):
    """`QuadrupedTerrain` with a Unitree Go2; see `Go2Walk`."""

    name: ClassVar[str] = "go2_terrain"
    robot: ClassVar[str] = "go2"

    fall_height: float = setting(0.14, "height over the feet below which the episode ends", unit="m", low=0.0)
