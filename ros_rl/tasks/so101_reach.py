# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The SO-101 brings its tool to a goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ros_rl.tasks.reach import Reach


@dataclass(frozen=True)
class So101Reach(Reach):
    """See `Reach`."""

    name: ClassVar[str] = "so101_reach"
    robot: ClassVar[str] = "so101"
