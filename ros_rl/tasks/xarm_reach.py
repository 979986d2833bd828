# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The xArm6 brings its tool to a goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.tasks.reach import Reach


@dataclass(frozen=True)
class XarmReach(Reach):
    """See `Reach`."""

    name: ClassVar[str] = "xarm_reach"
    robot: ClassVar[str] = "xarm6"
