# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot that rolls on two wheels in a walled square, and how it looks from above."""

from __future__ import annotations

import math

import numpy as np

from ros_rl.types import Image

ARENA = 1.6  # m, of each side
WIDTH, HEIGHT = 160, 120  # pixels; the picture's width is the arena's
COLOUR = (40, 90, 240)
_FLOOR = (110, 108, 104)
_FULL_POWER = 60.0  # rad/s of a wheel at duty 255
_WHEEL, _TRACK, _BODY = 0.03, 0.08, 0.04  # m: radius of the wheels, distance between them, radius of the body
_LAG = 0.15  # s


class Ball:
    """Two motors, a heading that nobody measures, and walls."""

    def __init__(self) -> None:
        self.x = self.y = 0.0
        """Where it is [m], from the middle."""
        self.heading = 0.6
        """Hidden [rad]."""
        self.duty = (0, 0)
        """Of the left and the right motor, -255 to 255."""
        self.wheels = (0.0, 0.0)
        """[rad/s]."""
        self._noise = np.random.default_rng(0)
        self.broken: tuple[float, float] = (1.0, 1.0)
        """What is left of each motor, 0 to 1."""

    @property
    def speed(self) -> float:
        """[m/s]."""
        return _WHEEL * abs(sum(self.wheels)) / 2.0

    def step(self, seconds: float) -> None:
        """Let time pass."""
        share = min(1.0, seconds / _LAG)
        wanted = (_FULL_POWER * duty / 255.0 * left for duty, left in zip(self.duty, self.broken, strict=True))
        left, right = (now + share * (goal - now) for now, goal in zip(self.wheels, wanted, strict=True))
        self.wheels = (left, right)
        self.heading += seconds * _WHEEL * (right - left) / _TRACK
        forward, limit = seconds * _WHEEL * (left + right) / 2.0, ARENA / 2.0 - _BODY
        self.x = min(max(self.x + forward * math.cos(self.heading), -limit), limit)
        self.y = min(max(self.y + forward * math.sin(self.heading), -limit), limit)

    def picture(self, places: tuple[tuple[float, float], ...]) -> Image:
        """From above: a disc at each place [m]; x to the right, y up."""
        image = np.full((HEIGHT, WIDTH, 3), _FLOOR, np.uint8)
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        pixels = WIDTH / ARENA
        for x, y in places:
            away = (columns - WIDTH / 2 + 0.5 - pixels * x) ** 2 + (rows - HEIGHT / 2 + 0.5 + pixels * y) ** 2
            image[away <= (pixels * _BODY) ** 2] = COLOUR
        return image + self._noise.integers(0, 5, image.shape, np.uint8)
