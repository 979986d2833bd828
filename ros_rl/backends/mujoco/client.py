# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""MuJoCo itself, told before it is imported to draw without a display where there is none."""

from __future__ import annotations

from ros_rl.backends.display import draw_without_display
from ros_rl.errors import MissingDependencyError

draw_without_display()
try:
    import mujoco
except ImportError as error:
    raise MissingDependencyError("mujoco", "mujoco") from error

__all__ = ["mujoco"]
