# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person who takes over from an agent as long as they hold the switch, and hands back by letting go."""

from __future__ import annotations

import time
from collections.abc import Callable

from ros_rl.teleop.teleoperator import Teleoperator
from ros_rl.types import Array, Tick


class Correcting:
    """A `ros_rl.runtime.person.Person` at a keyboard or a joystick.

    Args:
        teleoperator: Takes the person's wishes, and makes commands of them.
        clock: The steady clock [s].
    """

    acts_alone = False

    def __init__(self, teleoperator: Teleoperator, clock: Callable[[], float] = time.monotonic) -> None:
        self._teleoperator, self._clock = teleoperator, clock

    def command(self, tick: Tick) -> Array | None:
        """See `ros_rl.runtime.person.Person.command`."""
        now = self._clock()
        return self._teleoperator.command(tick, now) if self._teleoperator.held(now) else None
