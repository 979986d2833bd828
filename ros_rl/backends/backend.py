# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands between the driver and a robot, simulated or real: five methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ros_rl.types import Array, Measurement


@dataclass(frozen=True)
class Truth:
    """What only a simulator knows about the last control period; evaluation reads it, agents never do.

    Attributes:
        base_position: [m], shape (3,); zeros for a fixed base.
        base_yaw: [rad].
        tool_position: [m], shape (3,); None without a tool.
        fallen_contacts: Contacts of the robot with the world other than by its feet or its fixed base.
        foot_slip: Mean horizontal speed of the feet in contact [m/s].
        feet_in_contact: Number of feet on the ground.
        saturated: Share of joint torques at their limit during the period.
    """

    base_position: Array
    base_yaw: float
    tool_position: Array | None
    fallen_contacts: int
    foot_slip: float
    feet_in_contact: int
    saturated: float


class Backend(ABC):
    """A robot that can be reset and moved, one control period at a time."""

    @abstractmethod
    def reset(self, rng: np.random.Generator) -> Measurement:
        """Bring the robot to the home pose (a simulator also draws what changes per episode)."""

    @abstractmethod
    def step(self, previous: Array, command: Array) -> Measurement:
        """Hold `command` for one control period and measure.

        Args:
            previous: The command of the period before, shape (joints,).
            command: Joint targets in the robot's command interface, shape (joints,).
        """

    @abstractmethod
    def safe_step(self) -> Measurement:
        """Do the robot's safe action for one control period: damp, hold or stop."""

    def show_goal(self, goal: Array | None) -> None:
        """Mark the episode's goal where the backend can show it."""

    def truth(self) -> Truth | None:
        """What really happened; None on hardware."""
        return None

    def render(self, width: int, height: int) -> np.ndarray | None:
        """An RGB picture, uint8 (height, width, 3); None where there is no camera."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Release the robot or the simulator."""
