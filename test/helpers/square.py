# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A square that is pushed along a row of pixels, for agents that see it: nothing but pictures tells where it is."""

from collections.abc import Callable

import numpy as np

from ros_rl.layout import Field, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.types import Image, Transition

SIDE, GOAL, PUSH = 32, 0.75, 0.1


def layout(choices: int = 0) -> Layout:
    fields = [
        Field("last_action", (0,), "1", 1.0, "action"),
        Field("pending_actions", (0,), "1", 1.0, "action"),
        Field("front", (SIDE, SIDE, 1), "mono8", 1 / 255, "image", "uint8"),
    ]
    return Layout("square", ["push"], fields, 0, choices)


class Square:
    """Its place, from 0 to 1; reward is minus the distance from `GOAL`."""

    def __init__(self, place: float, choices: int = 0) -> None:
        self.place, self._choices = place, choices

    def look(self) -> dict[str, Image]:
        image = np.full((SIDE, SIDE, 1), 40, np.uint8)
        left = round(self.place * (SIDE - 8))
        image[12:20, left : left + 8] = 220
        return {"front": image}

    def push(self, action: np.ndarray) -> float:
        """By an action in [-1, 1], or to the left (0), not at all (1), to the right (2)."""
        self.place = min(max(self.place + PUSH * (float(action[0]) - (self._choices == 3)), 0.0), 1.0)
        return -abs(self.place - GOAL)


def random_steps(buffer: ReplayBuffer, count: int, choices: int = 0, length: int = 20) -> None:
    """What happens by chance, in episodes of some length."""
    rng, flat = np.random.default_rng(0), np.zeros(0)
    for k in range(count):
        if k % length == 0:
            square = Square(rng.uniform(), choices)
        action = rng.integers(choices, size=1).astype(float) if choices else rng.uniform(-1.0, 1.0, 1)
        before, reward = square.look(), square.push(action)
        cut = k % length == length - 1
        buffer.add(Transition(k, k // length, flat, action, reward, flat, False, cut, "", before, square.look()))


def ends_at(decide: Callable[[dict[str, Image]], np.ndarray], place: float, choices: int = 0, steps: int = 20) -> float:
    """Where it is after so many decisions."""
    square = Square(place, choices)
    for _ in range(steps):
        square.push(decide(square.look()))
    return square.place
