# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A place with an edge, at which a robot that follows velocity commands is turned round by one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ros_rl.rotations import yaw_of
from ros_rl.sensors.inputs import VELOCITY_COMMAND
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Measurement

_INSIDE = 0.7  # share of the way to the edge, within which it is left alone again
_TURN_GAIN = 2.0  # 1/s


class Arena:
    """A square around where the run began, by the robot's odometry.

    Args:
        half: Of its side [m].
        fastest: Largest velocity that may be asked for: forward [m/s], turning [rad/s].
    """

    def __init__(self, half: float, fastest: tuple[float, float]) -> None:
        self._half, self._fastest = half, fastest
        self._middle: Array | None = None
        self._turns = False

    def within(self, inputs: Mapping[str, Array], measurement: Measurement) -> dict[str, Array]:
        """What the task is asked for: as given, or to turn to the middle and go there, from the edge on until inside.

        Args:
            inputs: What was asked for, by name.
            measurement: The newest.
        """
        position, yaw = measurement["base_position"][:2], yaw_of(measurement["base_orientation"])
        if self._middle is None:
            self._middle = position.copy()
        way = self._middle - position
        far = float(np.abs(way).max())
        self._turns = far > self._half if not self._turns else far > _INSIDE * self._half
        if not self._turns:
            return dict(inputs)
        off = float(np.arctan2(way[1], way[0])) - yaw
        off = float(np.arctan2(np.sin(off), np.cos(off)))
        forward, turning = self._fastest
        command = [forward * max(0.0, np.cos(off)), 0.0, np.clip(_TURN_GAIN * off, -turning, turning)]
        return {**inputs, VELOCITY_COMMAND: np.array(command)}


def arena_of(settings: Settings) -> Arena | None:
    """The arena of a run, if it has one."""
    if not settings.driver.arena:
        return None
    _, high = settings.task.input_bounds()[VELOCITY_COMMAND]
    return Arena(settings.driver.arena, (float(high[0]), float(high[2])))
