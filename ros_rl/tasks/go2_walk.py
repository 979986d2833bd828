# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Go2 that walks straight ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.config import setting
from ros_rl.tasks.quadruped_walk import QuadrupedWalk


@dataclass(frozen=True)
class Go2Walk(QuadrupedWalk):
    """`QuadrupedWalk` with a Unitree Go2, whose legs are some 6 % longer than those of an A1."""

    name: ClassVar[str] = "go2_walk"
    robot: ClassVar[str] = "go2"

    fall_height: float = setting(0.14, "trunk height below which the episode ends", unit="m", low=0.0)
