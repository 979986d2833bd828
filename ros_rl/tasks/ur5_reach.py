# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The UR5e brings its tool to a goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.tasks.reach import Reach


@dataclass(frozen=True)
class Ur5Reach(Reach):
    """See `Reach`."""

    name: ClassVar[str] = "ur5_reach"
    robot: ClassVar[str] = "ur5e"
