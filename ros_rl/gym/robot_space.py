# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot's agent sees, as a Gymnasium space and its values: a flat vector, or a Dict where there are images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Space
from numpy.typing import NDArray

from ros_rl.errors import ConfigError
from ros_rl.features import Bounds, ObservationSpec
from ros_rl.types import Array, Image, Tick

VECTOR = "vector"
"""Key of the flat vector beside images."""

Vector = NDArray[np.float32]
Seen = Vector | dict[str, Vector | Image]
"""An observation."""


class RobotObservations:
    """Observations of a layout: its flat vector, float32; with images a Dict of these, by name, and of the vector.

    Args:
        layout: Of the robot.
        inputs: Bounds of the task's inputs, by name.

    Raises:
        ConfigError: The agent is to see neither numbers nor images.
    """

    def __init__(self, layout: ObservationSpec, inputs: Mapping[str, Bounds]) -> None:
        self._layout = layout
        low, high = layout.bounds(inputs)
        vector = Box(_outward(low, -np.inf), _outward(high, np.inf), dtype=np.float32)
        images = {item.name: Box(0, 255, item.shape, np.uint8) for item in layout.images}
        if not layout.size and not images:
            raise ConfigError(f"nothing is seen of '{layout.name}': name observation.fields or observation.cameras")
        numbers = {VECTOR: vector} if layout.size else {}
        self.space: Space[Any] = Dict({**images, **numbers}) if images else vector
        """Bounds hold, with the noise, as far as they are known."""

    def __call__(self, tick: Tick) -> Seen:
        """What is seen in a tick.

        Raises:
            ConfigError: A value is not finite, or an image is not in the tick.
        """
        flat = self._layout.observe(tick).astype(np.float32)
        if not self._layout.images:
            return flat
        numbers = {VECTOR: flat} if self._layout.size else {}
        return {**self._layout.look(tick), **numbers}


def _outward(bound: Array, towards: float) -> Vector:
    """In float32, not inside of what it was."""
    rounded = bound.astype(np.float32)
    return np.where(rounded == bound, rounded, np.nextafter(rounded, np.float32(towards)))
