# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a ball with two motors inside rolls."""

from __future__ import annotations

import math

import numpy as np

from ros_rl.floor_plan import FloorPlan
from ros_rl.settings.simulators.rolling import BallSettings
from ros_rl.types import Array


class Ball:
    """Two wheels that follow their powers, a heading that nobody measures, and walls.

    A wheel comes to its speed exponentially; without slip, the mean of both drives the ball ahead and their difference
    turns it. What it runs into stops it across, and lets it slide along.

    Args:
        plan: Where it can be.
        settings: Its sizes.
    """

    def __init__(self, plan: FloorPlan, settings: BallSettings) -> None:
        self._plan, self._settings = plan, settings
        self.place: Array = np.zeros(2)
        """Of its middle on the floor [m], shape (2,)."""
        self.heading = 0.0
        """[rad], to the left from x."""
        self.wheels: Array = np.zeros(2)
        """Of the left and the right wheel [rad/s], shape (2,)."""
        self.target: Array = np.zeros(2)
        """What their powers would bring them to [rad/s], shape (2,)."""
        self.strength: Array = np.ones(2)
        """Share of it that they come to, shape (2,)."""

    @property
    def speed(self) -> float:
        """Ahead [m/s], below zero backwards."""
        return self._settings.wheel * float(self.wheels.sum()) / 2.0

    @property
    def turning(self) -> float:
        """To the left [rad/s]."""
        return self._settings.wheel * float(self.wheels[1] - self.wheels[0]) / self._settings.track

    def step(self, seconds: float) -> bool:
        """Let time pass, of which the way is taken for an arc; says whether something held it back."""
        size = self._settings
        goal, decay = self.target * self.strength, math.exp(-seconds / size.lag)
        turned = goal * seconds + (self.wheels - goal) * size.lag * (1.0 - decay)
        self.wheels = goal + (self.wheels - goal) * decay
        turn = size.wheel * float(turned[1] - turned[0]) / size.track
        ahead, middle = size.wheel * float(turned.sum()) / 2.0, self.heading + turn / 2.0
        self.heading += turn
        self.place, touched = self._plan.kept_out(self.place + ahead * np.array([math.cos(middle), math.sin(middle)]))
        return touched
