# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""No task at all: a robot that is looked at, and driven by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.tasks.task import Task


@dataclass(frozen=True)
class BringUp(Task):
    """Bring a robot up; nothing is observed, asked for or rewarded. Its robot is always set beside it."""

    name: ClassVar[str] = "bringup"
    robot: ClassVar[str] = ""
    observation: ClassVar[tuple[str, ...]] = ()
    offered: ClassVar[bool] = False
    """It has a command of its own, and is no task to learn."""

    episode_seconds: float = setting(math.inf, "there are no episodes", unit="s", infinite=True)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """Nothing."""
        return 0.0 * action[..., 0]
