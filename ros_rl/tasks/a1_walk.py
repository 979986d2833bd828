# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An A1 that walks straight ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.tasks.quadruped_walk import QuadrupedWalk


@dataclass(frozen=True)
class A1Walk(QuadrupedWalk):
    """`QuadrupedWalk` with a Unitree A1."""

    name: ClassVar[str] = "a1_walk"
    robot: ClassVar[str] = "a1"
