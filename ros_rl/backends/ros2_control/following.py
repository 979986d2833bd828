# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether the joints move when they are told to: a controller that is loaded but not active is silent about it."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.ros2_control.joint_states import State
from ros_rl.types import Array

_TOLD, _STILL = 0.2, 0.01  # rad/s
_AWAY = 0.1  # rad
_SECONDS = 0.5


class Following:
    """Told of each target and each reading; time is passed in.

    Args:
        holds: Whether targets are positions.
        controller: Name of the controller.
    """

    def __init__(self, holds: bool, controller: str) -> None:
        self._holds, self._controller = holds, controller
        self._target: Array | None = None
        self._since: float | None = None

    def aim(self, target: Array | None) -> None:
        """Take a target, shape (joints,); None where the robot is to stand still."""
        self._target = target

    def problem(self, state: State, now: float) -> str:
        """What is wrong: no joint has moved for a while although one was told to; empty if nothing is."""
        if self._target is None or not self._is_idle(state, self._target):
            self._since = None
            return ""
        self._since = now if self._since is None else self._since
        if now - self._since < _SECONDS:
            return ""
        return f"no joint moves although it is told to: is {self._controller} active, and the robot switched on?"

    def _is_idle(self, state: State, target: Array) -> bool:
        way = np.abs(target - state.position) if self._holds else np.abs(target)
        return bool(way.max() > (_AWAY if self._holds else _TOLD) and np.abs(state.velocity).max() < _STILL)
