# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver's episodes: which one it is, where it began, and what it asks for."""

from __future__ import annotations

import numpy as np

from ros_rl.rotations import yaw_of
from ros_rl.runtime.arena import Arena
from ros_rl.runtime.asked_inputs import AskedInputs
from ros_rl.types import Array, Measurement

_START, _INPUTS = 0xD21E, 0xA5CED  # apart from each other


class Episodes:
    """One after the other. What each meets and asks for follows from the seed and its number, not from those before.

    Args:
        inputs: What each asks for.
        arena: Turns the robot round by command at the edge of its place; None where there is no edge.
        seed: Of where each starts and of what it asks for.
    """

    def __init__(self, inputs: AskedInputs, arena: Arena | None, seed: int) -> None:
        self._inputs, self._arena, self._seed = inputs, arena, seed
        self.number = -1
        self.step = -1
        """Of the open tick, in its episode."""
        self.origin = np.zeros(3)
        """Where the base was when it began: x and y [m], yaw [rad]; zero without a base."""

    def start(self) -> np.random.Generator:
        """Draws where the next one starts, and in which world."""
        return self._drawing(_START)

    def draw(self) -> None:
        """Draw what the next one asks for."""
        self._rng = self._drawing(_INPUTS)
        self._inputs.begin(self._rng)

    def begin(self, measurement: Measurement) -> None:
        """Begin the next one; its first tick is the next.

        Args:
            measurement: At that tick.
        """
        self.draw()
        self.number += 1
        self.step = -1
        self.origin = _origin(measurement)

    def tick(self, index: int, measurement: Measurement, previous: Array) -> dict[str, np.ndarray]:
        """One tick more; what it asks for.

        Args:
            index: Of the tick in the run.
            measurement: At it.
            previous: Command that acted until then, shape (joints,).
        """
        self.step += 1
        if self.step:
            self._inputs.change(self.step, self._rng)
        self._inputs.remember(measurement, previous)
        inputs = self._inputs.at(index)
        return inputs if self._arena is None else self._arena.within(inputs, measurement)

    def _drawing(self, what: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, what, self.number + 1])


def _origin(measurement: Measurement) -> Array:
    if "base_position" not in measurement or "base_orientation" not in measurement:
        return np.zeros(3)
    return np.array([*measurement["base_position"][:2], yaw_of(measurement["base_orientation"])])
