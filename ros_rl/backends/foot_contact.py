# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which feet bear weight, by their force sensors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ros_rl.errors import ConfigError
from ros_rl.types import Array


class FootContact:
    """A threshold with hysteresis for each foot, so that noise around it makes no steps.

    Args:
        touch: Force from which a foot bears weight, in the unit of its sensor.
        release: Force below which it no longer does; not above `touch`.

    Raises:
        ConfigError: `release` is above `touch`.
    """

    def __init__(self, touch: float, release: float) -> None:
        if not release <= touch:
            raise ConfigError(f"a foot that bears weight from {touch:g} N on cannot lose it below {release:g} N")
        self._touch, self._release = touch, release
        self.contact: NDArray[np.bool_] | None = None
        """By the newest forces, shape (feet,); None before the first."""

    def reset(self) -> None:
        """Forget what was touched."""
        self.contact = None

    def update(self, force: Array) -> NDArray[np.bool_]:
        """Which feet bear weight, shape (feet,).

        Args:
            force: On each foot, shape (feet,).
        """
        on = force >= self._touch
        self.contact = on if self.contact is None else on | (self.contact & (force >= self._release))
        return self.contact
