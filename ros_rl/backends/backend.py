# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands between the driver and a robot, simulated or real (contract 2)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ros_rl.types import Array, Measurement, Truth


@dataclass(frozen=True)
class Scenario:
    """What a simulator is to simulate around the robot; a real robot has its own.

    Attributes:
        scene: Name of a file in `sim/scenes`.
        seed: Seed of the sensor noise.
        track_contacts: Compute contacts for `Backend.truth`; evaluation wants them, training does not.
    """

    scene: str = "plane"
    seed: int = 0
    track_contacts: bool = False


EMPTY = Scenario()
"""Nothing but the ground."""


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

    def show_inputs(self, inputs: Mapping[str, Array]) -> None:  # noqa: B027 - a robot without a display has nothing to do
        """Show what the task is asked for, by name, at every tick, where the backend can."""

    def truth(self) -> Truth | None:
        """What really happened; None on hardware."""
        return None

    def render(self, width: int, height: int) -> np.ndarray | None:
        """An RGB picture, uint8 (height, width, 3); None where there is no camera."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Release the robot or the simulator."""


__all__ = ["EMPTY", "Backend", "Scenario", "Truth"]
