# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How pictures of simulated cameras come: with the tick that they show, later, or never."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_rl.cameras.pinhole import millimetres
from ros_rl.robot import Robot
from ros_rl.sensors.cameras import depth_of, image_of
from ros_rl.settings.cameras import FrameSettings
from ros_rl.types import Array, Image

Pixels = dict[str, NDArray[Any]]
_BRIGHTEST = 255


class Picture(NamedTuple):
    """What a camera sees at one instant.

    Attributes:
        colour: Red, green, blue.
        depth: Distances along the optical axis [m], shape (height, width), infinite where nothing is; None
            of a camera that does not measure it.
    """

    colour: Image
    depth: Array | None


class _Sent(NamedTuple):
    due: int
    """Tick with which it comes."""
    taken: int
    """Tick that it shows."""
    pixels: Pixels


class Feed:
    """The pictures of a robot's cameras, tick by tick: of each the newest that has come.

    Args:
        robot: Whose cameras look.
        settings: How late pictures are, and how many are lost.
        look: What a camera sees now, by its name.
    """

    def __init__(self, robot: Robot, settings: FrameSettings, look: Callable[[str], Picture]) -> None:
        self._robot, self._settings, self._look = robot, settings, look
        self._rng, self._light = np.random.default_rng(0), np.ones(3)
        self._tick = 0
        self._on_the_way: dict[str, list[_Sent]] = {}
        self._newest: dict[str, _Sent] = {}

    def begin(self, rng: np.random.Generator) -> None:
        """Of the next episode, whose first pictures come at once.

        Args:
            rng: Draws what is late and what is lost.
        """
        self._rng = rng
        low, high = self._settings.light
        self._light = np.array(self._settings.tint) * (low if low == high else rng.uniform(low, high))
        self._on_the_way, self._newest = {name: [] for name in self._robot.cameras}, {}

    def next(self) -> Pixels:
        """What the cameras measure at this tick, by the sensors' names."""
        self._tick += 1
        found: Pixels = {}
        for name in self._robot.cameras:
            found |= self._arrived(name).pixels
        return found

    @property
    def age(self) -> int:
        """By how many control periods the oldest picture of this tick is older than the tick; 0 without cameras."""
        return max((self._tick - newest.taken for newest in self._newest.values()), default=0)

    def _arrived(self, name: str) -> _Sent:
        waiting, now = self._on_the_way[name], self._tick
        late, lost = int(self._rng.integers(*self._settings.late, endpoint=True)), self._rng.random()
        if name not in self._newest:
            self._newest[name] = _Sent(now, now, self._taken(name))
        elif lost >= self._settings.dropped:
            waiting.append(_Sent(now + late, now, self._taken(name)))
        came = [index for index, sent in enumerate(waiting) if sent.due <= now]
        if came:
            self._newest[name] = waiting[came[-1]]
            del waiting[: came[-1] + 1]  # an older one that comes after it counts for nothing
        return self._newest[name]

    def _taken(self, name: str) -> Pixels:
        colour, depth = self._look(name)
        pixels: Pixels = {image_of(name): self._lit(colour)}
        if depth is not None:
            pixels[depth_of(name)] = millimetres(depth, self._robot.cameras[name])
        return pixels

    def _lit(self, colour: Image) -> Image:
        if (self._light == 1.0).all():
            return colour
        return np.clip(np.rint(colour * self._light), 0, _BRIGHTEST).astype(np.uint8)
