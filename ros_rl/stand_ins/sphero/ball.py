# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The ball of the stand-in on its walled floor, driven by duties, and how a camera above sees it."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.rolling.ball import Ball
from ros_rl.backends.rolling.view import View
from ros_rl.floor_plan import floor_plan
from ros_rl.settings.simulators.rolling import BallSettings
from ros_rl.types import Array, Image

SCENE = "arena"
ARENA = 1.6, 1.2  # m, of its floor between the walls, and of what the camera sees
WIDTH, HEIGHT = 160, 120  # pixels
COLOUR = (40, 90, 240)
_FULL_POWER = 60.0  # rad/s of a wheel at duty 255
_HEADING = 0.6  # rad, at first


class DrivenBall(Ball):
    """The ball of the simulator, in an arena, whose motors take duties."""

    def __init__(self) -> None:
        self._size = BallSettings()
        super().__init__(floor_plan(SCENE, self._size.radius), self._size)
        self.heading = _HEADING
        self._view = View(WIDTH, HEIGHT, ARENA[0])
        self._noise = np.random.default_rng(0)
        self.duty = (0, 0)
        """Of the left and the right motor, -255 to 255."""

    def step(self, seconds: float) -> bool:
        """Let time pass; see `Ball.step`."""
        self.target = _FULL_POWER * np.array(self.duty) / 255.0
        return super().step(seconds)

    def picture(self, places: tuple[Array, ...]) -> Image:
        """From above: a disc at each place [m]."""
        image = self._view.empty()
        for place in places:
            self._view.disc(image, place, self._size.radius, COLOUR)
        return image + self._noise.integers(0, 5, image.shape, np.uint8)
