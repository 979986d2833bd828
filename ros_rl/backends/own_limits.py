# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How far a robot itself lets its joints go, beside what its file says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ros_rl.robot import Robot
from ros_rl.robot.hardware import JointMap
from ros_rl.types import Array

_ROUNDED = 2e-3  # rad, m, rad/s or m/s, between one figure in two places; a count of a 12-bit encoder is 1.5e-3


@dataclass(frozen=True)
class OwnLimits:
    """What a robot reports of its joints' limits, in the order and directions of its file."""

    source: str
    """Where it says so, for people."""
    lower: Array
    """Smallest positions [rad or m], shape (joints,); minus infinity where it tells none."""
    upper: Array
    """Largest positions [rad or m], shape (joints,); infinity where it tells none."""
    velocity: Array
    """Largest velocities [rad/s or m/s], shape (joints,); infinity where it tells none."""

    @staticmethod
    def of(source: str, joints: JointMap, lower: Array, upper: Array, velocity: Array | None = None) -> OwnLimits:
        """From limits in the directions and with the zeros of the robot's controller.

        Args:
            source: Where it says so.
            joints: Of the robot under that controller.
            lower: Smallest positions there [rad or m], shape (joints,).
            upper: Largest positions there [rad or m], shape (joints,).
            velocity: Largest velocities [rad/s or m/s], shape (joints,); None where it tells none.
        """
        ends = joints.position_here(np.array([lower, upper]))
        fastest = np.full(len(joints.names), np.inf) if velocity is None else velocity
        return OwnLimits(source, ends.min(axis=0), ends.max(axis=0), fastest)

    def narrower_than(self, robot: Robot) -> Iterator[str]:
        """Where the robot's file lets a joint do more than the robot does, in one line each."""
        limits = robot.limits
        for index, joint in enumerate(robot.joints):
            for name, beyond, own in (
                ("lower", self.lower[index] - limits.lower[index], self.lower[index]),
                ("upper", limits.upper[index] - self.upper[index], self.upper[index]),
                ("velocity", limits.velocity[index] - self.velocity[index], self.velocity[index]),
            ):
                if beyond > _ROUNDED:
                    file = getattr(limits, name)[index]
                    yield f"{name} of {joint} is {file:.4g} in its file and {own:.4g} by {self.source}"
