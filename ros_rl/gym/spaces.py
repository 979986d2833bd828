# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The actions of an environment as agents choose them: in [-1, 1], or an index."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from ros_rl.errors import ConfigError

Vector = NDArray[Any]
"""Observations and actions, float32."""

_WIDEST = 1e9
_WHOLE_NUMBERS = 2**24
"""As many whole numbers a float32 tells apart."""


class ActionSpace:
    """The actions of an environment.

    Args:
        name: Of the environment, for messages.
        space: Its own.

    Raises:
        ConfigError: It is no Box or Discrete, leaves no choice, or has bounds to which [-1, 1] cannot be stretched.
    """

    def __init__(self, name: str, space: Any) -> None:
        self._space = space
        if isinstance(space, Discrete):
            self.count, self.choices = 1, int(space.n)
        elif isinstance(space, Box):
            self.count, self.choices = int(np.prod(space.shape)), 0
            self._low, self._width = _bounds(name, space)
        else:
            raise ConfigError(f"actions of '{name}' are {type(space).__name__}, allowed: Box, Discrete")
        if self.choices == 1 or (self.choices == 0 and not np.any(self._width > 0.0)):
            raise ConfigError(f"actions of '{name}' are {space}, which leaves no choice; allowed: at least two actions")

    def outer(self, action: Vector) -> Any:
        """An action as the environment takes it.

        Args:
            action: In [-1, 1], stretched to the bounds of a Box and, if that holds whole numbers, rounded to the
                nearest; or an index, shifted to the start of a Discrete; shape (actions,).
        """
        space = self._space
        if self.choices:
            return int(space.start) + int(action[0])
        share = 0.5 * (np.clip(np.asarray(action, np.float64), -1.0, 1.0).reshape(space.shape) + 1.0)
        value = self._low + share * self._width
        return (value if space.dtype.kind == "f" else np.rint(value)).astype(space.dtype)


def _bounds(name: str, space: Box) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower bound and width of a Box, as numbers that do not overflow as those of its own type do."""
    low, high = np.asarray(space.low, np.float64), np.asarray(space.high, np.float64)
    whole = space.dtype is not None and space.dtype.kind != "f"
    widest = _WHOLE_NUMBERS if whole else min(_WIDEST, float(np.finfo(str(space.dtype)).max))
    far = np.maximum(np.abs(low), np.abs(high))
    if low.size and not np.all(high - low < widest if whole else far < widest):
        raise ConfigError(
            f"actions of '{name}' range from {low.min():g} to {high.max():g}, allowed: finite bounds, "
            + (f"{widest} whole numbers apart at most" if whole else f"between -{widest:g} and {widest:g}")
            + "; agents act in [-1, 1], which cannot be stretched to others (gymnasium.wrappers.RescaleAction can)"
        )
    return low, high - low
